// libpq's ExecStatusType.

/// What kind of result a statement gave.
public enum ResultStatus: Sendable {
    /// The string held no statement.
    case emptyQuery
    /// Done, no rows to give.
    case commandOK
    /// Done, rows follow.
    case tuplesOK
    /// The server sends COPY data.
    case copyOut
    /// The server takes COPY data.
    case copyIn
    /// Replication streams both ways.
    case copyBoth
    /// A synchronization point of a pipeline.
    case pipelineSync
    /// Not run, because an earlier statement of the pipeline failed.
    case pipelineAborted
    /// The server or libpq reports a failure.
    case fatalError
}
