// A cancel request, made beforehand and sent from any thread.

internal import CLibpq

/// What is needed to cancel a connection's current statement; it outlives the connection.
@safe
package final class CancelHandle: @unchecked Sendable {
    // Sendable: PQcancel only reads the object and is documented as safe in any thread.
    private let handle: OpaquePointer

    /// Nil when the connection is closed. libpq: PQgetCancel.
    package init?(_ connection: Connection) {
        guard let made = unsafe PQgetCancel(connection.handle) else { return nil }
        unsafe handle = made
    }

    deinit { unsafe PQfreeCancel(handle) }

    /// Sends the request and waits until the server has it; nil, or why it failed. libpq: PQcancel.
    package func send() -> String? {
        // 256: the size libpq recommends for its message.
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            let sent = unsafe PQcancel(handle, buffer.baseAddress!, CInt(buffer.count))
            return sent == 1 ? nil : trimmed(unsafe String(cString: buffer.baseAddress!))
        }
    }
}
