// From raw arguments to a request: finds the command, then leaves the rest to it.

internal import CopyCore

/// Parses command lines. It is pure: it reads the table, and changes nothing.
enum Parser {
    /// What the arguments (without the program's name) ask for.
    static func parse(_ arguments: [Argument]) throws(UsageError) -> Request {
        guard let first = arguments.first else {
            throw UsageError("no command given", in: nil, showsUsage: true)
        }
        if first.bytes.count > 1, first.bytes[0] == UInt8(ascii: "-") {
            return try parseWithoutCommand(arguments)
        }
        guard let command = CommandTable.command(first.text) else {
            throw unknownCommand(first)
        }
        var commandLine = CommandLineParser(command)
        return try commandLine.parse(arguments.dropFirst())
    }

    /// Whether records are to be written although the command line cannot be meant: whoever reads them waits for the last one.
    static func asksForRecords(_ arguments: [Argument]) -> Bool {
        guard let first = arguments.first else { return false }
        let isOption = first.bytes.first == UInt8(ascii: "-")
        let command = CommandTable.command(first.text)
        guard isOption || command == nil || command?.name == .transfer else { return false }
        var commandLine = CommandLineParser(.transfer)
        _ = try? commandLine.parse(isOption ? arguments[...] : arguments.dropFirst())
        return commandLine.values(of: .progress).contains { $0.text == ProgressChoice.json.rawValue }
    }

    /// The error for a word that is no command.
    static func unknownCommand(_ word: Argument) -> UsageError {
        let names = CommandName.allCases.map(\.rawValue)
        let typed = Echo.quoted(word.text, instead: "the first argument")
        if typed.first != "\"" { return UsageError("\(typed) is no command", in: nil) }
        return UsageError("unknown command \(typed)" + Suggestion.ending(for: word.text, among: names), in: nil)
    }

    /// The first argument is an option: only the general ones can stand there.
    private static func parseWithoutCommand(_ arguments: [Argument]) throws(UsageError) -> Request {
        let text = arguments[0].text
        let options = CommandTable.generalGroup.options
        let option: OptionSpec?
        if text.hasPrefix("--") {
            switch OptionMatch.long(String(text.dropFirst(2)), among: options) {
            case .found(let match): option = match
            case .ambiguous, .unknown: option = nil
            }
        } else {
            option = OptionMatch.short(text[text.index(after: text.startIndex)], among: options)
        }
        guard let option else { throw misplacedOption(text) }
        if option.long == OptionSpec.version.long { return .version }
        if text.hasPrefix("-\(PsqlFingers.host)") {
            // `pgcopy -h localhost …`
            let isHelp =
                text.count == 2 && arguments.count < 3
                && arguments.dropFirst().allSatisfy { CommandTable.command($0.text) != nil }
            guard isHelp else { throw UsageError(PsqlFingers.help(nil), in: nil) }
        }
        // `pgcopy --help transfer`, as people type it.
        return .help(arguments.dropFirst().first.flatMap { CommandTable.command($0.text) })
    }

    private static func misplacedOption(_ text: String) -> UsageError {
        guard text.hasPrefix("--") else {
            return UsageError("no command before option \(Echo.printable(String(text.prefix(2))))", in: nil)
        }
        let name = String(text.dropFirst(2).prefix { $0 != "=" })
        if let owner = CommandTable.commands.first(where: { $0.options.contains { $0.long == name } }) {
            return UsageError("option --\(name) comes after a command: pgcopy \(owner.name) --\(name)", in: nil)
        }
        if name.isEmpty { return UsageError("no command given", in: nil, showsUsage: true) }
        let ending = Suggestion.ending(for: name, among: CommandTable.generalGroup.options.map(\.long), prefix: "--")
        return UsageError("unknown option --\(Echo.name(name))" + ending, in: nil)
    }
}

/// The parser's answer.
enum Request: Sendable {
    /// Run a command.
    case run(Invocation)
    /// Show the help of a command, or of the program.
    case help(CommandSpec?)
    /// Show the version.
    case version
}
