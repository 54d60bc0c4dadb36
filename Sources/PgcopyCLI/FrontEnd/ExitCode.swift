// The exit codes that the front end gives by itself.

/// Exit codes; `SharedText.exitCodes` explains them all.
enum ExitCode {
    static let success: Int32 = 0
    static let failure: Int32 = 1
    static let usage: Int32 = 2
}
