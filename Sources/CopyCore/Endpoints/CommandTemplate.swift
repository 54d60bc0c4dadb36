// A program's command in which a table's name stands.

/// `{schema}` and `{table}` in a command stand for the names of the table that is copied.
///
/// The names go into the environment, and variables in double quotes into the command: whatever a name holds, the shell takes
/// it for one word, and reads nothing of it.
struct CommandTemplate: Sendable, Hashable {
    private let template: NameTemplate
    /// Those with which a word begins.
    private let wordStarts: Set<NameMark>

    /// Nil: no name stands in it. What only looks like one, `${table}` and `\{table}`, is the shell's.
    /// - Throws: `PgcopyError` with `.usage` where one stands inside of quotes.
    init?(_ command: [UInt8]) throws(PgcopyError) {
        let places = ShellScanner.places(command)
        var wordStarts: Set<NameMark> = []
        guard
            let template = try NameTemplate(
                command,
                isMark: { index throws(PgcopyError) in
                    guard let mark = NameMark(at: command[index...]) else { return false }
                    switch places[index] {
                    case .wordStart: wordStarts.insert(mark)
                    case .word: break
                    case .shells: return false
                    // Whoever reads what is in the quotes has such variables, too.
                    case .quoted where index > 0 && command[index - 1] == UInt8(ascii: "$"): return false
                    case .quoted:
                        throw PgcopyError(
                            .usage,
                            "\(mark.text) cannot stand inside of quotes in a command: it is the name in quotes of its own; "
                                + "write it outside of them, as out/\(mark.text).csv or \"my out\"/\(mark.text).csv")
                    }
                    return true
                })
        else { return nil }
        self.template = template
        self.wordStarts = wordStarts
    }

    /// Many tables have each a command of their own.
    var tellsTablesApart: Bool { template.holds(.table) }

    /// What is run for a table, and what tells its command from another table's.
    /// - Throws: where its name would lead to another folder, or be taken for an option.
    func command(for name: SQLName) throws(PgcopyError) -> (command: ChildProcess.Command, text: [UInt8]) {
        let text = try template.filled { mark throws(PgcopyError) in
            let value = try mark.fileName(of: name)
            if wordStarts.contains(mark), value.first == UInt8(ascii: "-") {
                throw PgcopyError(
                    .refused,
                    "the table \(name.quoted) has a name that a command takes for an option; with ./ before "
                        + "\(mark.text) it is a file's")
            }
            return value
        }
        var command = ChildProcess.Command.shell(
            try template.filled { mark throws(PgcopyError) in Array("\"$\(mark.variable)\"".utf8) })
        command.variables = NameMark.allCases.compactMap { mark in
            mark.value(of: name).map { "\(mark.variable)=\($0)" }
        }
        return (command, text)
    }
}

extension NameMark {
    /// Where the shell finds it.
    fileprivate var variable: String { self == .schema ? "PGCOPY_SCHEMA" : "PGCOPY_TABLE" }
}
