// A result that is handed over instead of kept.

/// Takes what the server answers to one statement. It must not wait for other answers.
protocol PipelineReply: AnyObject {
    /// Rows are to come one by one, as they arrive.
    var wantsRows: Bool { get }
    /// One row of many, where rows come one by one.
    func take(row: QueryResult) throws
    /// The end. Called once.
    func end(_ outcome: Result<QueryResult, any Error>) throws
}

/// Calls closures with what one statement gives.
final class PipelineHandler: PipelineReply {
    private let onRow: ((QueryResult) throws -> Void)?
    private let onResult: (Result<QueryResult, any Error>) throws -> Void
    var wantsRows: Bool { onRow != nil }

    init(
        onRow: ((QueryResult) throws -> Void)?, onResult: @escaping (Result<QueryResult, any Error>) throws -> Void
    ) {
        self.onRow = onRow
        self.onResult = onResult
    }

    func take(row: QueryResult) throws { try onRow?(row) }
    func end(_ outcome: Result<QueryResult, any Error>) throws { try onResult(outcome) }
}
