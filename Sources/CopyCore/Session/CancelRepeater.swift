// Cancelling what may not have begun yet.

/// Cancels again and again: a request that reaches a server before the statement does finds nothing to cancel.
struct CancelRepeater {
    /// How long to wait between two.
    static let pause = 0.05

    private var requests: [ObjectIdentifier: CancelRequest] = [:]

    /// Sends a request, unless the last one to this connection is still under way.
    mutating func cancel(_ connection: Connection) {
        let key = ObjectIdentifier(connection)
        if requests[key]?.isDone ?? true { requests[key] = CancelRequest(connection) }
    }

    /// Waits until no request can hit a later statement; false when that takes too long.
    func finish(_ connection: Connection, _ poller: any Poller, until deadline: Instant) -> Bool {
        guard let request = requests[ObjectIdentifier(connection)] else { return true }
        while !request.isDone, poller.now < deadline {
            try? poller.wait(for: request.interest, until: deadline, interruptible: false)
        }
        return request.isDone
    }
}
