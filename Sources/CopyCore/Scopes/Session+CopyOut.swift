// COPY TO STDOUT in a scope.

extension Session {
    /// Runs a COPY TO STDOUT and the block that reads it. Whatever way the block is left, the copy is ended
    /// then, cancelled if it still runs, and the connection is usable or closed.
    ///
    /// ```swift
    /// let result = try session.copyOut("COPY t TO STDOUT") { rows in
    ///     while let row = try rows.nextValues() { print(row) }
    /// }
    /// ```
    ///
    /// Cancelling aborts a transaction that is open: `transactionStatus` says so.
    /// - Parameters:
    ///   - layout: how rows lie when the statement does not give the binary format.
    ///   - transport: how the COPY is spoken.
    ///   - grace: how long ending it may take before the connection is closed.
    /// - Throws: what the block throws, unchanged; `PgcopyError` with `.usage` for a string that is no such statement; the
    ///   server's error, although the block might have swallowed it.
    @discardableResult
    public func copyOut<R>(
        _ sql: String, layout: RowLayout = .text, transport: TransportChoice = .wire,
        grace: Duration = CopySettings().grace, _ body: (CopyOut) throws -> R
    ) throws -> CopyResult<R> {
        let copy = try CopyOut(self, sql, layout: layout, transport: transport.copyOut(self), grace: grace)
        let value: R
        do {
            value = try body(copy)
        } catch {
            try? copy.leave(grace: grace)
            throw error
        }
        try copy.leave(grace: grace)
        return CopyResult(value: value, commandTag: copy.commandTag)
    }
}

/// The outcome of a copy whose block was left without an error.
public struct CopyResult<Value> {
    /// What the block returned.
    public let value: Value
    /// As `COPY 10`; nil when the server did not confirm the whole copy, because its block left early.
    public let commandTag: String?

    /// Rows the server counted; nil when it did not.
    public var rowCount: Int? { CopyCore.rowCount(ofTag: commandTag) }
}

extension CopyResult: Sendable where Value: Sendable {}
