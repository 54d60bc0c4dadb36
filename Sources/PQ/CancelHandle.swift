// A cancel request, made beforehand and sent from any thread.

internal import CLibpq
internal import Synchronization

/// What is needed to cancel a connection's current statement; it outlives the connection.
@safe
package final class CancelHandle: Sendable {
    private let handle: Mutex<OpaquePointer>

    /// Nil when the connection is closed. libpq: PQgetCancel.
    package init?(_ connection: Connection) {
        guard let made = unsafe PQgetCancel(connection.handle) else { return nil }
        unsafe handle = Mutex(made)
    }

    deinit { unsafe handle.withLock { unsafe PQfreeCancel($0) } }

    /// Sends the request and waits until the server has it; nil, or why it failed. One at a time. libpq: PQcancel.
    package func send() -> String? {
        unsafe handle.withLock { handle in
            // 256: the size libpq recommends for its message.
            unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
                let sent = unsafe PQcancel(handle, buffer.baseAddress!, CInt(buffer.count))
                return sent == 1 ? nil : trimmed(unsafe String(cString: buffer.baseAddress!))
            }
        }
    }
}
