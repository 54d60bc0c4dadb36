// The options of `exec` as typed values.

internal import CopyCore

/// Everything that the command line says about a batch of statements.
struct ExecOptions: Sendable, Equatable {
    /// Where the statements come from.
    enum Input: Sendable, Equatable {
        /// The values of `-c`.
        case texts([String])
        /// The value of `-f`.
        case file(Argument)
        /// Nothing was said, or `-f -`.
        case standardInput
    }

    /// The servers, as written; at least one.
    var connections: [Argument]
    /// Where the statements come from.
    var input: Input
    /// A synchronization point behind every so many statements, at least 1; nil: only at the end.
    var syncEvery: Int?
    /// A connection is sent nothing behind an error.
    var stopOnError: Bool
    /// The form of the results; nil: aligned on a terminal, else text.
    var format: ExecFormat?
    /// How long batches took is said.
    var timing: Bool
    /// How much is said.
    var verbosity: Verbosity
    /// When to ask for a password.
    var passwordPrompt: PasswordPrompt

    /// Reads and checks the options of an invocation of `exec`.
    init(_ invocation: Invocation) throws(UsageError) {
        connections = invocation.operands
        stopOnError = invocation.has(.stopOnError)
        format = invocation.value(of: .execFormat).flatMap { ExecFormat(rawValue: $0.text) }
        timing = invocation.has(.timing)
        verbosity = invocation.has(.quietTags) ? .quiet : invocation.has(.verbose) ? .verbose : .normal
        passwordPrompt = invocation.has(.noPassword) ? .never : invocation.has(.password) ? .always : .automatic
        input = try Self.input(invocation)
        guard let text = try invocation.text(of: .syncEvery) else { return }
        guard let count = NumberReading.count(text), count >= 1 else {
            throw invocation.error("option --sync-every: \(Echo.quoted(text)) is not a whole number from 1 on")
        }
        syncEvery = count
    }

    private static func input(_ invocation: Invocation) throws(UsageError) -> Input {
        if let file = invocation.value(of: .file) {
            if file.bytes.isEmpty { throw invocation.error("option --file: its value is empty") }
            return file.text == "-" ? .standardInput : .file(file)
        }
        guard invocation.has(.command) else { return .standardInput }
        var texts: [String] = []
        for value in invocation.values(of: .command) {
            guard let text = value.validText else {
                throw invocation.error("option --command: its value is not valid UTF-8")
            }
            texts.append(text)
        }
        return .texts(texts)
    }
}

/// What `exec --format` names.
enum ExecFormat: String, Sendable, CaseIterable {
    /// Columns separated by tabs, as COPY writes text.
    case text
    /// Comma separated values.
    case csv
    /// An object a line.
    case json
    /// Tables as psql draws them.
    case aligned
}
