// The text of --help, made from the table in the style of pg_dump's.

/// Renders help.
enum HelpText {
    /// The width where no terminal tells one.
    static let usualWidth = 80
    /// Narrower terminals break the lines themselves.
    static let leastWidth = 40
    /// Longer lines are hard to read.
    static let mostWidth = 120

    /// `pgcopy --help`: the commands.
    static func overview(width: Int) -> String {
        var page = HelpPage(width: width)
        page.paragraph("pgcopy: \(CommandTable.summary).")
        page.section("Usage")
        page.synopsis(["pgcopy", "COMMAND", "[OPTION]...", "[OPERAND]..."])
        page.section("Commands")
        page.list(CommandTable.commands.map { Definition($0.name.rawValue, $0.summary) })
        page.options(CommandTable.generalGroup)
        page.section("Endpoints")
        page.list(SharedText.endpoints)
        page.gap()
        page.paragraph("\"pgcopy COMMAND --help\" says more about a command.")
        return page.text
    }

    /// `pgcopy COMMAND --help`.
    static func command(_ command: CommandSpec, width: Int) -> String {
        var page = HelpPage(width: width)
        page.paragraph("pgcopy \(command.name.rawValue): \(command.summary).")
        page.section("Usage")
        page.synopsis(command.synopsis.split(separator: " ").map(String.init))
        for operand in command.operands {
            guard let choices = operand.kind.choices else { continue }
            page.section("\(operand.placeholder) is one of")
            page.paragraph(choices.joined(separator: ", "), indent: 2)
        }
        for group in command.groups { page.options(group) }
        if command.explainsEndpoints {
            page.section(command.operands.map(\.placeholder).joined(separator: ", "))
            page.list(SharedText.endpoints)
        }
        page.section("Exit codes")
        page.list(command.exitCodes)
        if !command.examples.isEmpty { page.section("Examples") }
        for example in command.examples {
            page.paragraph(example.purpose + ":", indent: 2)
            page.example(example.words)
        }
        return page.text
    }
}
