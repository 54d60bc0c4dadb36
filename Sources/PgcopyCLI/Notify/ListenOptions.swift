// The options of `listen` as typed values.

internal import CopyCore

/// Everything that the command line says about listening.
public struct ListenOptions: Sendable, Equatable {
    /// The servers, as written; at least one.
    public var connections: [Argument]
    /// The channels; at least one.
    public var channels: [String]
    /// The time in all; nil: no end. Zero: what is pending.
    public var timeout: Duration?
    /// How many notifications end it, at least 1; nil: no number does.
    public var count: Int?
    /// The form of the lines.
    public var format: ListenFormat
    /// A command for each notification, as `/bin/sh -c` takes it.
    public var exec: Argument?
    /// Open a lost connection again.
    public var reconnect: Bool
    /// How much is said.
    public var verbosity: Verbosity
    /// When to ask for a password.
    public var passwordPrompt: PasswordPrompt
}

extension ListenOptions {
    /// A year: nobody waits longer, and no number overflows.
    private static let longestTime = 31_536_000.0

    /// Reads and checks the options of an invocation of `listen`.
    init(_ invocation: Invocation) throws(UsageError) {
        connections = invocation.operands
        var channels: [String] = []
        for value in invocation.values(of: .listenChannel) {
            channels.append(try ChannelArgument.name(value, invocation))
        }
        if channels.isEmpty {
            throw invocation.error("listen needs a channel: \(OptionSpec.listenChannel.allSpellings)")
        }
        self.channels = channels
        timeout = try Self.timeout(invocation)
        count = try Self.count(invocation)
        format = invocation.value(of: .listenFormat).flatMap { ListenFormat(rawValue: $0.text) } ?? .text
        exec = invocation.value(of: .exec)
        if exec?.bytes.isEmpty == true { throw invocation.error("option --exec: its value is empty") }
        reconnect = invocation.has(.reconnect)
        verbosity = invocation.has(.quiet) ? .quiet : invocation.has(.verbose) ? .verbose : .normal
        passwordPrompt = invocation.has(.noPassword) ? .never : invocation.has(.password) ? .always : .automatic
    }

    private static func timeout(_ invocation: Invocation) throws(UsageError) -> Duration? {
        guard let text = try invocation.text(of: .listenTimeout) else { return nil }
        guard let seconds = NumberReading.decimal(text) else {
            throw invocation.error("option --timeout: \(Echo.quoted(text)) is not a number of seconds")
        }
        if seconds > longestTime {
            throw invocation.error("option --timeout: at most \(Int(longestTime)) seconds")
        }
        return .seconds(seconds)
    }

    private static func count(_ invocation: Invocation) throws(UsageError) -> Int? {
        guard let text = try invocation.text(of: .count) else { return nil }
        guard let count = NumberReading.count(text), count >= 1 else {
            throw invocation.error("option --count: \(Echo.quoted(text)) is not a whole number from 1 on")
        }
        return count
    }
}

/// What `listen --format` names.
public enum ListenFormat: String, Sendable, CaseIterable {
    /// Columns separated by tabs, as COPY writes text.
    case text
    /// An object a line.
    case json
}
