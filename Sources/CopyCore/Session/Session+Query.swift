// Statements that are waited for.

extension Session {
    /// Runs a string of statements, one round trip, and gives their results.
    /// - Parameter timeout: how long to wait for the answer while the server does nothing; nil: for ever.
    ///   A server that is at work, or waits for a lock, is waited for (`inquire`).
    /// - Throws: `PgcopyError`, the first among them or with `.unanswered`, its endpoint the session's label; or `Interrupted`
    ///   after the statement was cancelled.
    @discardableResult
    public func run(_ sql: String, timeout: Duration? = nil) throws -> [QueryResult] {
        try labelling {
            try requireNoPipeline()
            try announce(sql)
            try connection.sendQuery(sql)
            return try collect(timeout: timeout)
        }
    }

    /// Runs one statement with text parameters.
    /// - Throws: as `run(_:timeout:)`.
    public func query(
        _ sql: String, _ parameters: [String?] = [], timeout: Duration? = nil
    ) throws -> QueryResult {
        try answer(to: .statement(sql, parameters), timeout: timeout)
    }

    /// Sends one message outside of a pipeline and gives its result.
    /// - Parameter inquire: asks whether the server is at work; nil: as the session does.
    func answer(
        to message: PipelineMessage, timeout: Duration?, inquire: (() throws -> Inquiry)? = nil
    ) throws -> QueryResult {
        try labelling {
            try requireNoPipeline()
            try message.send(by: self)
            guard let result = try collect(timeout: timeout, inquire).last else {
                throw PgcopyError(.unexpected, "no result")
            }
            return result
        }
    }

    /// The names and types of the columns one statement would give, without running it.
    public func columns(
        of sql: String, timeout: Duration? = nil
    ) throws -> [(name: String, type: UInt32)] {
        _ = try answer(to: .prepare(sql), timeout: timeout)
        let result = try answer(to: .describe, timeout: timeout)
        return result.columns
    }

    /// What an error of ours is about, where nobody said so yet, is this session.
    func labelling<R>(_ body: () throws -> R) throws -> R {
        do { return try body() } catch { throw labelled(error) }
    }

    /// The error with this session as its endpoint, where it is one of ours and has none.
    func labelled(_ error: any Error) -> any Error { error is PgcopyError ? PgcopyError.of(error, at: label) : error }

    /// Waits until the connection is between two statements.
    @discardableResult
    private func collect(
        timeout: Duration?, _ inquire: (() throws -> Inquiry)? = nil
    ) throws -> [QueryResult] {
        let statement = StatementTask(self, timeout: timeout, inquire: inquire)
        poller.seeThrough(statement)
        return try statement.outcome?.get() ?? []
    }
}

extension QueryResult {
    /// The names and types of its columns.
    var columns: [(name: String, type: UInt32)] {
        (0..<columnCount).map { (columnName($0), columnType($0)) }
    }
}

/// The n of `COPY n`.
func rowCount(ofTag tag: String?) -> Int? {
    tag?.split(separator: " ").last.flatMap { Int($0) }
}
