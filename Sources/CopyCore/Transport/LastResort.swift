// What helps against a backend that does not come to read its CopyFail.

/// A COPY IN is aborted with CopyFail. A backend that waits for a lock does not read it, and would not notice
/// either that its client is gone: it is cancelled after a while.
struct LastResort {
    /// How long a server has for its answer: a round trip of any link, and the rows it has in its buffers.
    private static let grace = 0.4

    private var since: Instant?
    private var request: CancelRequest?

    /// What to wait for now; nil when the work is done, and a cancel request can hit nothing else any more.
    mutating func watching(_ step: Step, _ session: Session) -> Interest? {
        guard case .waiting(var interest) = step else {
            if let request, !request.isDone { return request.interest }
            return nil
        }
        let now = session.poller.now
        let alarm = (since ?? now) + Self.grace
        since = since ?? now
        if request == nil {
            if now >= alarm { request = CancelRequest(session.connection) } else { interest.alarm = alarm }
        }
        return interest
    }
}
