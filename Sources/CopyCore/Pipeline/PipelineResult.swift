// The result of a statement of a pipeline, which may not be there yet.

/// Stands for what one statement gives. Ask it inside the pipeline's block or after it.
public final class PipelineResult: PipelineReply {
    private weak var pipeline: Pipeline?
    /// Its place in the pipeline.
    let position: Int
    private(set) var outcome: Result<QueryResult, any Error>?
    /// Somebody has seen the outcome.
    private(set) var isTaken = false
    private let eachRow: ((QueryResult, Int) -> Void)?
    var wantsRows: Bool { eachRow != nil }

    /// - Parameters:
    ///   - pipeline: where it can be waited for; nil: nobody does.
    ///   - eachRow: as in `PipelinePart.ask`.
    init(_ pipeline: Pipeline?, position: Int, eachRow: ((QueryResult, Int) -> Void)? = nil) {
        self.pipeline = pipeline
        self.position = position
        self.eachRow = eachRow
    }

    /// Whether `get()` would not wait.
    public var isReady: Bool { outcome != nil }

    /// What the statement gave. Inside the block this waits for it: the server is asked to send what it
    /// has (a flush request), no synchronization point is set. It can be asked again.
    /// - Throws: the server's error, `PgcopyError` with `.aborted` when it was not run, or the loss of the connection.
    ///   An error that was seen here is not raised again by the pipeline.
    public func get() throws -> QueryResult {
        if outcome == nil {
            guard let pipeline else { throw PgcopyError.pipelineIsOver }
            try pipeline.obtain(self)
        }
        guard let outcome else { throw PgcopyError.pipelineIsOver }
        isTaken = true
        return try outcome.get()
    }

    func take(row: QueryResult) {
        guard let eachRow else { return }
        for place in 0..<row.rowCount { eachRow(row, place) }
    }

    func end(_ outcome: Result<QueryResult, any Error>) {
        // Outside of a pipeline all come at its end.
        if case .success(let result) = outcome { take(row: result) }
        self.outcome = outcome
        pipeline?.answered(self)
    }
}

extension PgcopyError.Code {
    /// Not run: an earlier statement of the pipeline failed, which is the cause, and no synchronization point lies between.
    public static let aborted = Self("aborted")
}

extension PgcopyError {
    /// - Parameter cause: the failure of that earlier statement.
    static func aborted(by cause: PgcopyError?) -> PgcopyError {
        PgcopyError(
            .aborted,
            "not run, because an earlier statement of the pipeline failed" + (cause.map { ": \($0)" } ?? ""),
            causes: cause.map { [$0] } ?? [])
    }
}
