// The way into pipeline mode.

extension Session {
    /// Runs the block in pipeline mode: statements are queued and sent without waiting, and answered in order.
    ///
    /// A block inside the block of the same session joins it. Leaving the outermost one sets a
    /// synchronization point, waits for everything, and leaves pipeline mode; the connection is usable then,
    /// unless it was lost.
    ///
    ///     let count = try session.pipeline { pipeline in
    ///         for name in names { try pipeline.execute("INSERT INTO people VALUES ($1)", [name]) }
    ///         return try pipeline.execute("SELECT count(*) FROM people")
    ///     }.get().value(0, 0)
    ///
    /// - Throws: the block's own error: what was queued is done all the same, and the pipeline's error is only
    ///   `noted`. Else the first error that nobody has seen. After `Interrupted` what was not confirmed by a
    ///   synchronization point is undone.
    @discardableResult
    public func pipeline<R>(_ body: (Pipeline) throws -> R) throws -> R {
        if let joined = pipelineInProgress as? Pipeline { return try body(joined) }
        let (value, failure) = try PipelineGroup.perform([self]) { try body($0[0]) }
        if let failure { throw failure[0] ?? failure }
        return value
    }
}
