// Notices and notifications: what a server says without being asked.

internal import CLibpq

extension Connection {
    /// Called for every NOTICE and WARNING, from inside the call that parsed it.
    /// It must not use the connection. libpq: PQsetNoticeReceiver.
    public var onNotice: ((ServerMessage) -> Void)? {
        get { notices.handler }
        set { notices.handler = newValue }
    }

    /// The next notification already read from the socket; it does not read by itself. libpq: PQnotifies.
    public func nextNotification() -> Notification? {
        guard let notify = unsafe PQnotifies(handle) else { return nil }
        defer { unsafe PQfreemem(notify) }
        return unsafe Notification(
            channel: rawText(notify.pointee.relname),
            payload: rawText(notify.pointee.extra),
            pid: notify.pointee.be_pid
        )
    }

    func installNoticeReceiver() {
        let box = unsafe Unmanaged.passUnretained(notices).toOpaque()
        _ = unsafe PQsetNoticeReceiver(
            handle,
            { argument, result in
                guard let argument = unsafe argument, let result = unsafe result else { return }
                let box = unsafe Unmanaged<NoticeBox>.fromOpaque(argument).takeUnretainedValue()
                box.deliver(
                    unsafe ServerMessage(result)
                        ?? ServerMessage(
                            severity: "WARNING", sqlState: "01000",
                            message: trimmed(string(PQresultErrorMessage(result)))))
            },
            box
        )
    }
}

/// Holds the handler at an address that libpq can be given.
final class NoticeBox {
    var handler: ((ServerMessage) -> Void)?

    func deliver(_ message: ServerMessage) { handler?(message) }
}
