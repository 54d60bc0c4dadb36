// Pipeline mode, call by call.

internal import CLibpq

extension Connection {
    /// Whether the libpq this process found knows pipeline mode: 14 or newer. libpq: PQlibVersion.
    public static var supportsPipelineMode: Bool { PQlibVersion() >= 140_000 }

    /// Where the connection stands with its pipeline. libpq: PQpipelineStatus.
    public var pipelineStatus: PipelineStatus {
        guard Self.supportsPipelineMode else { return .off }
        return switch unsafe PQpipelineStatus(handle) {
        case PQ_PIPELINE_ON: .on
        case PQ_PIPELINE_ABORTED: .aborted
        default: .off
        }
    }

    /// Enters pipeline mode; the connection must be idle. libpq: PQenterPipelineMode.
    public func enterPipelineMode() throws(PgcopyError) {
        try requirePipelineMode()
        guard unsafe PQenterPipelineMode(handle) == 1 else { throw lastError() }
    }

    /// Leaves pipeline mode; every result must have been taken. libpq: PQexitPipelineMode.
    public func exitPipelineMode() throws(PgcopyError) {
        try requirePipelineMode()
        guard unsafe PQexitPipelineMode(handle) == 1 else { throw lastError() }
    }

    /// Queues a synchronization point and sends what the socket takes. libpq: PQpipelineSync.
    public func pipelineSync() throws(PgcopyError) {
        try requirePipelineMode()
        guard unsafe PQpipelineSync(handle) == 1 else { throw lastError() }
    }

    /// Queues a request to the server to send the results it has. libpq: PQsendFlushRequest.
    public func sendFlushRequest() throws(PgcopyError) {
        try requirePipelineMode()
        guard unsafe PQsendFlushRequest(handle) == 1 else { throw lastError() }
    }

    /// Gives the rows of the statement about to be answered one result each; false when it is too late
    /// or there is no such statement. libpq: PQsetSingleRowMode.
    @discardableResult
    public func setSingleRowMode() -> Bool { unsafe PQsetSingleRowMode(handle) == 1 }

    private func requirePipelineMode() throws(PgcopyError) {
        guard !Self.supportsPipelineMode else { return }
        let version = PQlibVersion()
        throw PgcopyError(
            .unsupported, "pipeline mode needs libpq 14 or newer; this is libpq \(version / 10_000).\(version % 10_000)"
        )
    }
}

/// Where a connection stands with its pipeline.
public enum PipelineStatus: Sendable {
    /// Not in pipeline mode.
    case off
    /// In pipeline mode.
    case on
    /// In pipeline mode; a statement failed and those up to the next synchronization point are skipped.
    case aborted
}
