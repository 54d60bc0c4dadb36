// When the program began.

internal import CopyCore

/// The beginning of the program, from which the seconds of its reports count.
enum ProgramClock {
    /// The moment it was asked for first: at the beginning of `CLI.run`.
    static let start = SystemPoller().now
}
