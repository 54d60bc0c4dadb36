// The help says everything, and fits.

import Testing

@testable import PgcopyCLI

@Suite("Front end: help")
struct FrontEndHelpTests {
    @Test(arguments: [40, 41, 63, 64, 80, 120, 200])
    func `no line is wider than the terminal, and no option is lost`(_ width: Int) throws {
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

    @Test func `a terminal too narrow to read on is taken for one of 40 columns`() {
        #expect(HelpText.overview(width: 3) == HelpText.overview(width: 40))
    }

    @Test func `options stand in two columns under their group`() {
        let help = HelpText.command(.transfer, width: 80)
        #expect(
            help.contains(
                """

                Faults:
                  --timeout=SECONDS             fault a destination that takes no data, and a
                                                source that gives none, for so long (default:
                                                never)
                  --lock-timeout=SECONDS        fail where a lock is waited for so long
                                                (default: never)
                  --reconcile-timeouts[=TRIES]  reconcile a destination that timed out instead
                                                of dropping it, up to TRIES times without
                                                progress (default: 10)
                  --keep-going                  drop a faulted destination, commit the others

                """
            )
        )
        #expect(help.contains("\n  -T, --exclude-table=PATTERN   leave out tables that match\n"))
        #expect(help.contains("\n  -h, -?, --help                show this help, then exit\n"))
    }

    @Test func `narrow pages put what an option does below it`() {
        let help = HelpText.command(.transfer, width: 40)
        #expect(
            help.contains(
                "\n  -T, --exclude-table=PATTERN\n      leave out tables that match\n  -n, --schema=PATTERN\n"))
    }

    @Test func `the overview names every command`() {
        let lines = HelpText.overview(width: 80).split(separator: "\n")
        for command in CommandTable.commands {
            #expect(lines.contains { $0.hasPrefix("  \(command.name.rawValue) ") && $0.hasSuffix(command.summary) })
        }
    }

    @Test func `a word longer than the line is cut, not dropped`() {
        #expect(TextWrap.lines("ab abcdefgh i", width: 4) == ["ab", "abcd", "efgh", "i"])
        #expect(TextWrap.lines("", width: 4) == [])
    }
}
