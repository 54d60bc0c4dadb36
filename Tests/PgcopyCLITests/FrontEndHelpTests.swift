// The help says everything, and fits.

import Testing

@testable import PgcopyCLI

@Suite("Front end: help")
struct FrontEndHelpTests {
    @Test("No line is wider than the terminal, and none is lost", arguments: [40, 41, 63, 64, 80, 120, 200])
    func width(_ width: Int) throws {
        var pages = [HelpText.overview(width: width)]
        pages += CommandTable.commands.map { HelpText.command($0, width: width) }
        for page in pages {
            #expect(page.split(separator: "\n").count > 10)
            for line in page.split(separator: "\n") {
                #expect(line.count <= width, "\(line)")
                #expect(!line.hasSuffix(" ") && !line.contains("`"), "\(line)")
            }
        }
        let words = HelpText.command(.transfer, width: width).split { $0 == " " || $0 == "\n" }
        for option in CommandSpec.transfer.options {
            #expect(words.contains(option.spellingWithValue[...]), "\(option.long)")
        }
    }

    @Test("Narrower than readable is treated as 40")
    func narrow() {
        #expect(HelpText.overview(width: 3) == HelpText.overview(width: 40))
    }

    @Test("Options stand in two columns under their group")
    func columns() {
        let help = HelpText.command(.transfer, width: 80)
        #expect(
            help.contains(
                """

                Faults:
                  --timeout=SECONDS             fault a receiver that takes no data for so long
                                                (default: never)
                  --reconcile-timeouts[=TRIES]  reconcile a receiver that timed out instead of
                                                dropping it, up to TRIES times without progress
                                                (default: 10)
                  --keep-going                  drop a faulted receiver, commit the others

                """
            )
        )
        #expect(help.contains("\n  -t, --table=NAME              copy this table\n"))
        #expect(help.contains("\n  -h, -?, --help                show this help, then exit\n"))
    }

    @Test("Narrow pages put what an option does below it")
    func stacked() {
        let help = HelpText.command(.transfer, width: 40)
        #expect(help.contains("\n  -t, --table=NAME\n      copy this table\n  --query=SQL\n"))
    }

    @Test("The overview names every command")
    func overview() {
        let lines = HelpText.overview(width: 80).split(separator: "\n")
        for command in CommandTable.commands {
            #expect(lines.contains { $0.hasPrefix("  \(command.name.rawValue) ") && $0.hasSuffix(command.summary) })
        }
    }

    @Test("A word longer than the line is cut, not dropped")
    func wrap() {
        #expect(TextWrap.lines("ab abcdefgh i", width: 4) == ["ab", "abcd", "efgh", "i"])
        #expect(TextWrap.lines("", width: 4) == [])
    }
}
