// What a statement gives that was never run.

/// Not run: an earlier statement of the pipeline failed, and no synchronization point lies between.
public struct PipelineAborted: Error, Sendable, CustomStringConvertible {
    /// The failure of that earlier statement.
    public let cause: PQError?

    /// For a person.
    public var description: String {
        "not run, because an earlier statement of the pipeline failed" + (cause.map { ": \($0)" } ?? "")
    }
}
