// A command line that was understood: which command, which options, which operands.

internal import CopyCore

/// What the parser makes of a command line that runs a command.
struct Invocation: Sendable {
    /// An option as it was given.
    struct Given: Sendable {
        /// Which one.
        let option: OptionSpec
        /// Its value, where there is one.
        let value: Argument?
    }

    /// The command.
    let command: CommandSpec
    /// The options, in the order given.
    let options: [Given]
    /// What was no option, in the order given.
    let operands: [Argument]

    /// Whether the option was given.
    func has(_ option: OptionSpec) -> Bool {
        options.contains { $0.option.long == option.long }
    }

    /// The option's value; nil where it was not given, or without one.
    func value(of option: OptionSpec) -> Argument? {
        values(of: option).last
    }

    /// The values of an option that may be repeated.
    func values(of option: OptionSpec) -> [Argument] {
        options.compactMap { $0.option.long == option.long ? $0.value : nil }
    }

    /// The option's value as text; bytes that are no UTF-8 are a usage error.
    func text(of option: OptionSpec) throws(UsageError) -> String? {
        guard let value = value(of: option) else { return nil }
        guard value.validText != nil else { throw error("option \(option.spelling): its value is not valid UTF-8") }
        return RawText.decoding(value.bytes)
    }

    /// As `text(of:)`; an empty value is a usage error as well.
    func nonEmptyText(of option: OptionSpec) throws(UsageError) -> String? {
        try nonEmpty(text(of: option), option)
    }

    /// The option's value as names, which need not be UTF-8 in a database of no encoding; an empty one is a usage error.
    func names(of option: OptionSpec) throws(UsageError) -> String? {
        try nonEmpty(value(of: option).map { RawText.decoding($0.bytes) }, option)
    }

    /// The same of an option that may be repeated.
    func allNames(of option: OptionSpec) throws(UsageError) -> [String] {
        var names: [String] = []
        for value in values(of: option) {
            if let name = try nonEmpty(RawText.decoding(value.bytes), option) { names.append(name) }
        }
        return names
    }

    private func nonEmpty(_ text: String?, _ option: OptionSpec) throws(UsageError) -> String? {
        if text == "" { throw error("option \(option.spelling): its value is empty") }
        return text
    }

    /// A usage error of this command.
    func error(_ message: String) -> UsageError {
        UsageError(message, in: command.name)
    }
}
