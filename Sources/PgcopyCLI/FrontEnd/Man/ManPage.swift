// The man pages, made from the table.

/// Renders man pages.
enum ManPage {
    /// pgcopy(1): the commands, and what they have in common.
    static var overview: String {
        var page = RoffPage(title: "pgcopy", section: 1)
        page.section("Name")
        page.raw("pgcopy \\- " + Roff.prose(CommandTable.summary))
        page.section("Synopsis")
        let words = ["COMMAND", "OPTION", "OPERAND"].map(Roff.italic)
        page.raw("\(Roff.bold("pgcopy")) \(words[0]) [\(words[1])]... [\(words[2])]...")
        page.section("Description")
        page.paragraphs(CommandTable.description)
        page.section("Commands")
        for command in CommandTable.commands {
            let reference = "See `pgcopy-\(command.name.rawValue)`(1)."
            let texts = [Roff.sentence(command.summary) + " " + reference]
            page.entry(
                Roff.bold(command.name.rawValue) + operands(command),
                command.hasManPage ? texts : command.description
            )
        }
        page.section("Options")
        page.options(CommandTable.generalGroup, of: nil)
        common(&page, exitCodes: SharedText.exitCodes, explainsEndpoints: true)
        page.section("Examples")
        page.examples(CommandTable.commands.flatMap(\.examples))
        let pages = CommandTable.commands.filter(\.hasManPage).map { "pgcopy-\($0.name.rawValue)" }
        seeAlso(&page, pages)
        return page.text
    }

    /// pgcopy-COMMAND(1): everything about a command.
    static func command(_ command: CommandSpec) -> String {
        let title = "pgcopy-\(command.name.rawValue)"
        var page = RoffPage(title: title, section: 1)
        page.section("Name")
        page.raw("\(Roff.literal(title)) \\- " + Roff.prose(command.summary))
        page.section("Synopsis")
        page.synopsis(command)
        page.section("Description")
        page.paragraphs(command.description)
        page.section("Options")
        for group in command.groups {
            page.subsection(group.title)
            page.options(group, of: command)
        }
        common(&page, exitCodes: command.exitCodes, explainsEndpoints: command.explainsEndpoints)
        if !command.examples.isEmpty {
            page.section("Examples")
            page.examples(command.examples)
        }
        seeAlso(&page, ["pgcopy"])
        return page.text
    }

    private static func common(_ page: inout RoffPage, exitCodes: [Definition], explainsEndpoints: Bool) {
        if explainsEndpoints {
            page.section("Endpoints")
            page.paragraphs(["A source or a destination is written in one of these ways:"])
            page.list(SharedText.endpoints)
        }
        page.section("Exit status")
        page.list(exitCodes)
        page.section("Environment")
        page.list(SharedText.environment + (explainsEndpoints ? SharedText.copyEnvironment : []))
        page.section("Files")
        page.list(SharedText.files)
    }

    private static func seeAlso(_ page: inout RoffPage, _ pages: [String]) {
        page.section("See also")
        page.raw((pages + ["psql", "pg_dump"]).map { Roff.bold($0) + "(1)" }.joined(separator: ",\n"))
    }

    private static func operands(_ command: CommandSpec) -> String {
        command.operands.map { operand in
            let name = Roff.italic(operand.placeholder) + (operand.isRepeated ? "..." : "")
            return " " + (operand.isRequired ? name : "[\(name)]")
        }.joined()
    }
}
