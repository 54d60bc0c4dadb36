// stderr, whose reader may take nothing.

internal import CopyCore
internal import Glibc

/// Writes messages; a signal ends the wait for the reader. A reader that is gone is no reason to stop.
final class StandardError {
    private let output = try? TextOutput(STDERR_FILENO)
    /// Nobody takes anything: it is not waited for any more.
    private var isStuck = false

    /// How long a reader may take once a signal came, in seconds: servers hold their locks meanwhile.
    private static let grace = 0.5

    func write(_ text: String) {
        guard let output, !isStuck else { return }
        do {
            try output.write(Array(text.utf8), SystemPoller(interruption: Signals.interruption))
        } catch is Interrupted {
            let poller = SystemPoller()
            let isWritten = try? output.writeRest(until: poller.now + Self.grace, poller)
            isStuck = isWritten != true
        } catch {
            isStuck = true
        }
    }
}
