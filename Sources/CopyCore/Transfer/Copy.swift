// A transfer in one line.

/// Copies what one endpoint names to others: all finish before the first one commits, and a failure rolls all back.
///
/// ```swift
/// try copy(from: "service=main#orders", to: "service=eu", "service=us")
/// ```
///
/// - Parameters:
///   - source: as the program takes it: a connection with `#TABLE` behind it, a file, `-`.
///   - destinations: the same; without `#TABLE` the source's name.
///   - poller: where it waits, and whose interruption ends it.
///   - event: hears of everything that happens, while it happens.
///   - change: completes the request: what is copied, how it lands, what becomes of faults.
/// - Throws: `PgcopyError` with `.usage` for what is no endpoint, with `.notCommitted` and its `outcome` unless every
///   destination has committed.
@discardableResult
public func copy(
    from source: String, to destinations: String..., poller: any Poller = SystemPoller(),
    event: ((TransferEvent) -> Void)? = nil, _ change: (inout TransferRequest) -> Void = { _ in }
) throws -> TransferOutcome {
    var request = TransferRequest(
        from: try Endpoint(parsing: Array(source.utf8)),
        to: try destinations.map { try Endpoint(parsing: Array($0.utf8)) })
    change(&request)
    let outcome = Transfer(request, poller: poller, sink: event.map(EventCall.init)).run()
    guard outcome.verdict == .all else { throw PgcopyError.notCommitted(outcome) }
    return outcome
}

extension PgcopyError {
    /// For a person: every failure, a line each, and what became of each destination.
    fileprivate static func notCommitted(_ outcome: TransferOutcome) -> PgcopyError {
        var lines: [String] = []
        if let error = outcome.error { lines.append((outcome.errorLabel.map { "\($0): " } ?? "") + "\(error)") }
        for destination in outcome.destinations {
            let what =
                switch destination.status {
                case .partlyCommitted: "\(destination.word): \(destination.ends.committed.joined(separator: ", "))"
                case .committed, .rolledBack, .notStarted, .inDoubt: destination.word
                }
            lines.append("\(destination.label): \(what)" + (destination.error.map { ": \($0)" } ?? ""))
        }
        if let signal = outcome.signal { lines.append("\(Interrupted(signal: signal))") }
        // By whom it was said first: the source, else the first destination that failed.
        let causes = ([outcome.error] + outcome.destinations.map(\.error)).compactMap(\.self)
        return PgcopyError(
            .notCommitted, lines.joined(separator: "\n"),
            server: causes.lazy.compactMap { ($0 as? PgcopyError)?.server }.first, causes: causes, detail: outcome)
    }
}

/// A closure that takes events.
private final class EventCall: EventSink {
    private let body: (TransferEvent) -> Void
    init(_ body: @escaping (TransferEvent) -> Void) { self.body = body }
    func receive(_ event: TransferEvent) { body(event) }
}
