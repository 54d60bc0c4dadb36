// The exit codes.

internal import CopyCore

/// Exit codes; `SharedText.exitCodes` explains them all.
enum ExitCode {
    /// Done.
    static let success: Int32 = 0
    /// Failed.
    static let failure: Int32 = 1
    /// Usage error.
    static let usage: Int32 = 2
}

extension ExitCode {
    /// Some destinations committed, others did not.
    static let partial: Int32 = 3
    /// A commit was sent and its answer was lost.
    static let inDoubt: Int32 = 4

    /// The exit code that a verdict stands for.
    /// - Parameters:
    ///   - signal: what ended the run.
    ///   - isUsageError: the failure lies in what was asked for.
    static func of(_ verdict: Committer.Verdict, signal: Int32? = nil, isUsageError: Bool = false) -> Int32 {
        switch verdict {
        case .inDoubt: inDoubt
        case .all: success
        case .some: partial
        case .none: signal.map { 128 + $0 } ?? (isUsageError ? usage : failure)
        }
    }

    /// The exit code of a transfer.
    static func of(_ outcome: TransferOutcome) -> Int32 {
        outcome.isDryRun && outcome.destinations.allSatisfy { $0.error == nil }
            ? success
            : of(outcome.verdict, signal: outcome.signal, isUsageError: outcome.isUsageError)
    }

    /// The exit code of notifications that were sent.
    static func of(_ outcome: Broadcast.Outcome) -> Int32 { of(outcome.verdict, signal: outcome.signal) }

    /// The exit code of listening. Where a command failed not all was done, though everything was printed.
    static func of(_ outcome: Listening.Outcome) -> Int32 {
        switch outcome {
        case .complete: success
        case .commandsFailed: partial
        case .deserted: failure
        }
    }
}
