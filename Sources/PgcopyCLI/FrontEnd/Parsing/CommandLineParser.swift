// The arguments of one command: options in all their spellings, and operands.

internal import CopyCore

/// Parses what stands after the command's name.
struct CommandLineParser {
    private let command: CommandSpec
    private let known: [OptionSpec]
    private var given: [Invocation.Given] = []
    private var operands: [Argument] = []
    /// Kept until the end: a `--help` further right wins over it.
    private var firstError: UsageError?
    private var special: Request?
    /// `-h` was given, which is help only where it stands alone.
    private var wantsHelpOrHost = false
    /// A word that looks like the value of the option before it, which takes one behind an equals sign only.
    private var detached: (option: OptionSpec, value: Argument)?
    /// The last argument, where an option took it for its value.
    private var swallowed: (option: OptionSpec, value: Argument)?

    /// A parser for this command.
    init(_ command: CommandSpec) {
        self.command = command
        self.known = command.options
    }

    /// Parses the arguments.
    mutating func parse(_ arguments: ArraySlice<Argument>) throws(UsageError) -> Request {
        var rest = arguments
        while special == nil, let argument = rest.popFirst() {
            let bytes = argument.bytes
            if bytes.count < 2 || bytes[0] != UInt8(ascii: "-") {
                operands.append(argument)
            } else if bytes == [UInt8(ascii: "-"), UInt8(ascii: "-")] {
                operands += rest
                rest = []
            } else if bytes[1] == UInt8(ascii: "-") {
                parseLong(bytes.dropFirst(2), &rest)
            } else {
                parseCluster(argument, &rest)
            }
        }
        if let special { return special }
        if wantsHelpOrHost {
            guard operands.isEmpty else { throw UsageError(PsqlFingers.help(command), in: command.name) }
            return .help(command)
        }
        if let firstError { throw firstError }
        try checkConflicts()
        try checkDetached()
        try checkOperands()
        return .run(Invocation(command: command, options: given, operands: operands))
    }

    /// The values of an option, as far as was parsed.
    func values(of option: OptionSpec) -> [Argument] {
        given.compactMap { $0.option.long == option.long ? $0.value : nil }
    }

    private mutating func parseLong(_ body: ArraySlice<UInt8>, _ rest: inout ArraySlice<Argument>) {
        let nameBytes = body.prefix { $0 != UInt8(ascii: "=") }
        let name = String(decoding: nameBytes, as: UTF8.self)
        let attached = nameBytes.count < body.count ? Argument(bytes: Array(body[(nameBytes.endIndex + 1)...])) : nil
        switch OptionMatch.long(name, among: known) {
        case .unknown:
            let ending =
                PsqlFingers.ending(long: name, of: command)
                ?? Suggestion.ending(for: name, among: known.map(\.long), prefix: "--")
            fail("unknown option --\(Echo.name(name))" + ending)
        case .ambiguous(let candidates):
            let names = candidates.map(\.spelling)
            let allButLast = names.dropLast().joined(separator: ", ")
            fail("option --\(name) is ambiguous: \(allButLast) or \(names[names.count - 1])")
        case .found(let option):
            switch option.value {
            case .none where attached != nil: fail("option \(option.spelling) takes no value")
            case .none: accept(option, attached)
            case .optional:
                if attached == nil, let next = rest.first, option.value.kind?.looksLike(next.text) ?? false {
                    detached = detached ?? (option, next)
                }
                accept(option, attached)
            case .required: acceptRequired(option, attached, &rest)
            }
        }
    }

    private mutating func parseCluster(_ argument: Argument, _ rest: inout ArraySlice<Argument>) {
        var letters = argument.bytes.dropFirst()
        while special == nil, let byte = letters.popFirst() {
            let letter = Character(UnicodeScalar(byte))
            guard let option = OptionMatch.short(letter, among: known) else {
                failOnShort(letter, byte, in: argument.text)
                return
            }
            if letter == PsqlFingers.host, option.long == OptionSpec.help.long {
                // `-hlocalhost`: what follows are no switches.
                let isSwitches = letters.allSatisfy { byte in
                    OptionMatch.short(Character(UnicodeScalar(byte)), among: known).map { $0.value.kind == nil }
                        ?? false
                }
                wantsHelpOrHost = true
                if !isSwitches {
                    operands.append(Argument(bytes: Array(letters)))
                    return
                }
                continue
            }
            switch option.value {
            case .none:
                accept(option, nil)
            case .optional:
                accept(option, letters.isEmpty ? nil : Argument(bytes: Array(letters)))
                return
            case .required:
                acceptRequired(option, letters.isEmpty ? nil : Argument(bytes: Array(letters)), &rest)
                return
            }
        }
    }

    private mutating func failOnShort(_ letter: Character, _ byte: UInt8, in cluster: String) {
        let long = String(cluster.dropFirst())
        if known.contains(where: { $0.long == long }) {
            return fail("unknown option -\(long); did you mean --\(long)?")
        }
        if let ending = PsqlFingers.ending(short: letter, of: command) {
            return fail("unknown option -\(letter)" + ending)
        }
        guard byte < 0x80 else { return fail("unknown option \(Echo.quoted(cluster, instead: "with one dash"))") }
        let otherCase = Character(letter.isUppercase ? letter.lowercased() : letter.uppercased())
        let near = OptionMatch.short(otherCase, among: known) == nil ? "" : "; did you mean -\(otherCase)?"
        fail("unknown option -\(Echo.printable(String(letter)))" + near)
    }

    private mutating func acceptRequired(
        _ option: OptionSpec, _ attached: Argument?, _ rest: inout ArraySlice<Argument>
    ) {
        // Whatever comes next is the value, even where it looks like an option: as getopt_long does.
        guard let value = attached ?? rest.popFirst() else {
            return fail("option \(option.spelling) needs a value: \(option.spellingWithValue)")
        }
        if attached == nil, rest.isEmpty { swallowed = (option, value) }
        accept(option, value)
    }

    private mutating func accept(_ option: OptionSpec, _ value: Argument?) {
        if option.long == OptionSpec.help.long {
            special = .help(command)
        } else if option.long == OptionSpec.version.long {
            special = .version
        }
        let isRepeat = given.contains { $0.option.long == option.long }
        if isRepeat, !option.isRepeatable, option.value.kind != nil {
            fail("option \(option.spelling) is given twice")
        }
        if let choices = option.value.kind?.choices, let value, !choices.contains(value.text) {
            fail("option \(option.spelling): " + Self.notAmong(choices, value))
        }
        given.append(Invocation.Given(option: option, value: value))
    }

    private mutating func fail(_ message: String) {
        firstError = firstError ?? UsageError(message, in: command.name)
    }

    private static func notAmong(_ choices: [String], _ value: Argument) -> String {
        "\(Echo.quoted(value.text)) is none of \(choices.joined(separator: ", "))"
            + Suggestion.ending(for: value.text, among: choices)
    }

    private func checkConflicts() throws(UsageError) {
        for first in given {
            for second in given where first.option.conflicts.contains(second.option.long) {
                throw UsageError(
                    "option \(first.option.spelling) cannot be given together with \(second.option.spelling)",
                    in: command.name
                )
            }
        }
    }

    /// `--reconcile-timeouts 5 A B`: where there are operands enough without it, the 5 is none.
    private func checkDetached() throws(UsageError) {
        guard let (option, value) = detached, let index = operands.firstIndex(of: value),
            operands.count > command.operands.count(where: \.isRequired)
        else { return }
        let word = Echo.quoted(value.text)
        throw UsageError(
            "option \(option.spelling) takes its value behind an equals sign: \(option.spelling)=\(value.text); "
                + (index == 0
                    ? "where \(word) is the source, it is written dbname=\(value.text)" : "\(word) is an operand here"),
            in: command.name)
    }

    private func checkOperands() throws(UsageError) {
        let missing = command.operands.filter(\.isRequired).dropFirst(operands.count).map(\.placeholder)
        if !missing.isEmpty {
            var message = "\(command.name) needs \(missing.joined(separator: " and "))"
            if let swallowed {
                let word = Echo.quoted(swallowed.value.text, instead: "the last word")
                message += "; \(word) is the value of \(swallowed.option.spelling)"
            }
            throw UsageError(message, in: command.name)
        }
        for (index, operand) in operands.enumerated() {
            guard let spec = index < command.operands.count ? command.operands[index] : command.operands.last,
                index < command.operands.count || spec.isRepeated
            else {
                throw UsageError(
                    "\(command.name): \(Echo.quoted(operand.text, instead: "an operand")) is one operand too many",
                    in: command.name
                )
            }
            if let choices = spec.kind.choices, !choices.contains(operand.text) {
                throw UsageError("\(spec.placeholder): " + Self.notAmong(choices, operand), in: command.name)
            }
        }
    }
}
