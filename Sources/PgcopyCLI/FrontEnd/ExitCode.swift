// The exit codes that the front end gives by itself.

/// Exit codes; `SharedText.exitCodes` explains them all.
enum ExitCode {
    /// Done.
    static let success: Int32 = 0
    /// Failed.
    static let failure: Int32 = 1
    /// Usage error.
    static let usage: Int32 = 2
}
