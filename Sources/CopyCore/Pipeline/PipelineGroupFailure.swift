// What went wrong on some of several sessions.

/// Errors of pipelines that run side by side; the others succeeded.
public struct PipelineGroupFailure: Error, CustomStringConvertible {
    /// The first unseen error of each session that has one, with its place in the group.
    public let errors: [(session: Int, label: String, error: any Error)]

    /// The error of a session, nil when it has none.
    public subscript(session: Int) -> (any Error)? { errors.first { $0.session == session }?.error }

    /// For a person.
    public var description: String { errors.map { "\($0.label): \($0.error)" }.joined(separator: "\n") }
}
