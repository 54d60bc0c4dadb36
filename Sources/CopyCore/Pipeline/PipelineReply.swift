// Where the answer to one statement of a pipeline goes.

/// Takes what the server answers to one statement. It must not wait for other answers.
protocol PipelineReply: AnyObject {
    /// Rows are to come one by one, as they arrive.
    var wantsRows: Bool { get }
    /// One row of many, where rows come one by one.
    func take(row: QueryResult) throws
    /// The end. Called once.
    func end(_ outcome: Result<QueryResult, any Error>) throws
}
