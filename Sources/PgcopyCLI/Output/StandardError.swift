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

    /// Writes what can be written without waiting; false, and nothing of it: something is still unwritten.
    func offer(_ text: String) -> Bool {
        guard let output, !isStuck else { return false }
        let poller = SystemPoller()
        do {
            guard try output.unwritten == 0 || output.writeRest(until: poller.now, poller) else { return false }
            output.pending += Array(text.utf8)
            // What is left of it goes before all else.
            _ = try output.writeRest(until: poller.now, poller)
        } catch {
            output.drop()
        }
        return true
    }

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
