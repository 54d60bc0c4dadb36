// Lines for stdout, written at once and never at the price of not hearing a signal.

internal import CopyCore
internal import Glibc

/// Writes to stdout; waits for its reader by the poll that signals interrupt.
final class LineOutput {
    private let receiver = ByteStreamReceiver(STDOUT_FILENO, label: "-")
    private let poller: any Poller

    /// An output that waits by this poller.
    init(_ poller: any Poller) throws {
        self.poller = poller
        _ = try receiver.enter(.text)
    }

    /// What to watch so that a reader that leaves is noticed while there is nothing to write.
    var attention: [Interest] { receiver.attention.map { [$0] } ?? [] }

    /// Throws when the reader is gone.
    func check() throws { _ = try receiver.attend([]) }

    /// Writes all of it, what is no UTF-8 as it came.
    func write(_ text: String) throws {
        let bytes = RawText.bytes(of: text)
        var written = 0
        while written < bytes.count {
            let drained = try unsafe receiver.drain(bytes.span.bytes.extracting(written...))
            written += drained.taken
            guard written < bytes.count, let blocked = drained.blocked else { continue }
            var entries = [PollEntry(blocked)]
            try poller.poll(&entries, until: blocked.alarm, interruptible: true)
        }
    }
}
