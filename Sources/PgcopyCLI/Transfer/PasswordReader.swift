// Asking for a password on the terminal.

internal import CopyCore
internal import Glibc

/// Reads a line without echo from the terminal the user sits at, whatever stdin and stdout are.
enum PasswordReader {
    /// Nil when there is no terminal, or the user gave up, by a signal perhaps.
    static func read(prompt: String, _ poller: any Poller) -> String? {
        let terminal = unsafe open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard terminal >= 0 else { return nil }
        defer { close(terminal) }
        var before = termios()
        guard unsafe tcgetattr(terminal, &before) == 0 else { return nil }
        var silent = before
        silent.c_lflag &= ~tcflag_t(ECHO)
        unsafe tcsetattr(terminal, TCSAFLUSH, &silent)
        let output = TextOutput(blocking: terminal)
        defer {
            unsafe tcsetattr(terminal, TCSAFLUSH, &before)
            try? output.write([UInt8(ascii: "\n")])
        }
        try? output.write(Array(prompt.utf8))
        return line(from: terminal, poller)
    }

    private static func line(from terminal: CInt, _ poller: any Poller) -> String? {
        let line = TypedLine(terminal)
        guard (try? poller.run([line])) != nil, line.isWhole else { return nil }
        return String(decoding: line.bytes, as: UTF8.self)
    }
}

/// A line that somebody types. A signal right before a read that waits would be lost on it.
private final class TypedLine: LoopTask {
    private(set) var bytes: [UInt8] = []
    private(set) var isWhole = false
    private var hasEnded = false
    private let terminal: CInt

    init(_ terminal: CInt) { self.terminal = terminal }

    func step(_ polled: ArraySlice<PollEntry>) {
        if polled.isEmpty { return }
        var byte: UInt8 = 0
        hasEnded = unsafe Glibc.read(terminal, &byte, 1) != 1
        isWhole = !hasEnded && byte == UInt8(ascii: "\n")
        if !hasEnded, !isWhole { bytes.append(byte) }
    }

    func watch(_ entries: inout [PollEntry]) -> Bool {
        if hasEnded || isWhole { return false }
        entries.append(PollEntry(Interest(terminal, .read)))
        return true
    }
}

extension LinkConnector {
    /// A connector that asks for passwords when the user wants to be asked.
    init(_ poller: any Poller, _ prompt: PasswordPrompt) {
        self.init(poller: poller)
        asksPasswordsFirst = prompt == .always
        if prompt != .never {
            password = { PasswordReader.read(prompt: "Password for \($0): ", poller) }
        }
    }
}
