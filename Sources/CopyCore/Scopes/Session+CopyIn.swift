// COPY FROM STDIN in a scope.

extension Session {
    /// Runs a COPY FROM STDIN and the block that writes it. Only `finish()` makes it a success: left any other
    /// way, the copy is failed, nothing is stored, and the connection is usable or closed.
    ///
    /// ```swift
    /// let result = try session.copyIn("COPY t FROM STDIN") { copy in
    ///     try copy.write(values: ["1", nil])
    ///     try copy.finish()
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - transport: how the COPY is spoken.
    ///   - grace: how long ending it may take before the connection is closed.
    /// - Throws: what the block throws, unchanged; `PgcopyError` with `.usage` for a string that is no such statement; the
    ///   server's error, although the block might have swallowed it; `PgcopyError.copyNotFinished`.
    @discardableResult
    public func copyIn<R>(
        _ sql: String, transport: TransportChoice = .wire,
        grace: Duration = CopySettings().grace, _ body: (CopyIn) throws -> R
    ) throws -> CopyResult<R> {
        let copy = try CopyIn(self, sql, transport: transport.copyIn(self), grace: grace)
        let value: R
        do {
            value = try body(copy)
        } catch {
            try? copy.leave(because: error)
            throw error
        }
        try copy.leave(because: nil)
        return CopyResult(value: value, commandTag: copy.commandTag)
    }
}
