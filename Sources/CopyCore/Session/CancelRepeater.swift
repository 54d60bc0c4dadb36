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

    /// What tells that no request can hit a later statement any more; nil: none can.
    func underWay(_ connection: Connection) -> Interest? {
        requests[ObjectIdentifier(connection)].flatMap { $0.isDone ? nil : $0.interest }
    }
}
