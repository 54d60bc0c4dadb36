// Role: all that is known of a program that ended.

/// What a program left behind.
public struct ProgramResult: Sendable, CustomStringConvertible {
    /// The command as a person would type it, for messages.
    public let command: String
    /// How it ended.
    public let status: ExitStatus
    /// All it wrote to stdout (what it wrote to the terminal is in `screen`).
    public let standardOutput: [UInt8]
    /// All it wrote to stderr.
    public let standardError: [UInt8]
    /// All that its terminal showed, echoed input included; empty without a terminal.
    public let screen: [UInt8]
    /// Wall time from start to end.
    public let duration: Duration
    /// User CPU time, its waited-for children included.
    public let userTime: Duration
    /// System CPU time, its waited-for children included.
    public let systemTime: Duration
    /// The most memory it held at a time, in bytes.
    ///
    /// The kernel's own number (ru_maxrss) also counts this test process, out of which the child was
    /// started; where it cannot be told apart, this is the last reading of the child's own high-water
    /// mark, taken every five milliseconds.
    public let peakMemory: Int

    /// stdout as text; what is not UTF-8 is repaired.
    public var output: String { String(decoding: standardOutput, as: UTF8.self) }
    /// stderr as text; what is not UTF-8 is repaired.
    public var errors: String { String(decoding: standardError, as: UTF8.self) }
    /// The screen as text; what is not UTF-8 is repaired.
    public var screenText: String { String(decoding: screen, as: UTF8.self) }
    /// The exit code, nil when a signal killed it.
    public var code: Int32? { if case .exited(let code) = status { code } else { nil } }

    /// For the comment of an expectation: the command, its status and the ends of what it wrote.
    public var description: String {
        var text = "\(command)\n\(status) after \(duration)"
        for (name, bytes) in [("stdout", standardOutput), ("stderr", standardError), ("terminal", screen)]
        where !bytes.isEmpty {
            text += "\n--- \(name), \(bytes.count) bytes\n" + String(decoding: bytes.suffix(4000), as: UTF8.self)
        }
        return text
    }

    /// This result when it exited with `code`, else an error that shows everything.
    @discardableResult
    public func expecting(_ code: Int32) throws -> ProgramResult {
        guard status == .exited(code) else { throw KitError("expected exit status \(code): \(self)") }
        return self
    }
}
