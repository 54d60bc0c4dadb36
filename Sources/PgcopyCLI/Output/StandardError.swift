// stderr, whose reader may take nothing.

internal import CopyCore
internal import Glibc

/// Writes messages; a signal ends the wait for the reader. A reader that is gone is no reason to stop.
final class StandardError {
    private let output = try? TextOutput(STDERR_FILENO)
    /// Nobody took anything: what can be written is, and nobody is waited for any more.
    private var isStuck = false

    /// How long a reader may take once a signal came: servers hold their locks meanwhile.
    private static let grace = Duration.milliseconds(500)

    func write(_ text: String) {
        guard let output else { return }
        let poller = SystemPoller(interruption: Signals.interruption)
        do {
            if isStuck {
                output.pending += Array(text.utf8)
                _ = try output.writeRest(until: poller.now, poller)
                return
            }
            do {
                try output.write(Array(text.utf8), poller)
            } catch is Interrupted {
                isStuck = try !output.writeRest(until: poller.now + Self.grace, poller)
            }
        } catch {
            // A disk that is full may have room for the next one.
            output.drop()
        }
    }
}
