// libpq's PGpipelineStatus.

/// Where a connection stands with its pipeline.
public enum PipelineStatus: Sendable {
    /// Not in pipeline mode.
    case off
    /// In pipeline mode.
    case on
    /// In pipeline mode; a statement failed and those up to the next synchronization point are skipped.
    case aborted
}
