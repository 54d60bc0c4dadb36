// Spellings of the command line that hold for every option.

import Testing

@testable import PgcopyCLI

@Suite("Front end: the parser")
struct FrontEndParserTests {
    /// What stands in the place of an option's value.
    static func value(for option: OptionSpec) -> String {
        option.value.kind?.choices?.first ?? "7"
    }

    @Test(arguments: OptionSpec.namesOfTransfer { $0.takesNextWord })
    func `every option with a value takes it in every spelling`(_ name: String) throws {
        let option = try #require(OptionSpec.named(name))
        let value = Self.value(for: option)
        var spellings = [["--\(name)", value], ["--\(name)=\(value)"]]
        for letter in option.shorts { spellings += [["-\(letter)", value], ["-\(letter)\(value)"]] }
        for spelling in spellings {
            for words in [["transfer"] + spelling + ["a", "b"], ["transfer", "a"] + spelling + ["b"]] {
                let invocation = try invocation(words)
                #expect(invocation.value(of: option)?.text == value, "\(words)")
                #expect(invocation.operands == arguments(["a", "b"]), "\(words)")
            }
        }
        #expect(
            usageError(["transfer", "a", "b", "--\(name)"])
                == "option --\(name) needs a value: \(option.spellingWithValue)")
        let twice = ["transfer", "a", "b"] + spellings[0] + spellings[1]
        if option.isRepeatable {
            #expect(try invocation(twice).values(of: option).map(\.text) == [value, value])
        } else {
            #expect(usageError(twice) == "option --\(name) is given twice")
        }
    }

    @Test(arguments: OptionSpec.namesOfTransfer { $0.value.kind == nil && $0.long != "help" && $0.long != "version" })
    func `every switch can be repeated and takes no value`(_ name: String) throws {
        let option = try #require(OptionSpec.named(name))
        for spelling in ["--\(name)"] + option.shorts.map({ "-\($0)" }) {
            #expect(try invocation(["transfer", spelling, "a", spelling, "b"]).has(option))
        }
        #expect(usageError(["transfer", "--\(name)=yes", "a", "b"]) == "option --\(name) takes no value")
    }

    @Test func `an optional value is only taken behind an equals sign`() throws {
        let bare = try invocation(["transfer", "--reconcile-timeouts", "3", "b"])
        #expect(bare.has(.reconcileTimeouts) && bare.value(of: .reconcileTimeouts) == nil)
        #expect(bare.operands == arguments(["3", "b"]))
        let attached = try invocation(["transfer", "--reconcile-timeouts=3", "a", "b"])
        #expect(attached.value(of: .reconcileTimeouts)?.text == "3")
    }

    @Test func `a cluster is switches, then one option with its value`() throws {
        let invocation = try invocation(["transfer", "-qwtpublic.t", "a", "b"])
        #expect(invocation.has(.quiet) && invocation.has(.noPassword))
        #expect(invocation.value(of: .table)?.text == "public.t")
        #expect(try PgcopyCLITests.invocation(["transfer", "-qt", "x", "a", "b"]).value(of: .table)?.text == "x")
    }

    @Test func `two dashes end the options, one dash is an operand`() throws {
        let invocation = try invocation(["transfer", "-", "--", "--quiet", "-q", "--"])
        #expect(invocation.operands == arguments(["-", "--quiet", "-q", "--"]))
        #expect(invocation.options.isEmpty)
    }

    @Test(arguments: ["-1", "", "--quiet", "--", "-"])
    func `what follows an option that needs a value is its value`(_ value: String) throws {
        #expect(try invocation(["transfer", "--null", value, "a", "b"]).value(of: .null)?.text == value)
        #expect(try invocation(["transfer", "--null=\(value)", "a", "b"]).value(of: .null)?.text == value)
    }

    @Test func `a long name may be cut short while it is unambiguous`() throws {
        #expect(try invocation(["transfer", "--trunc", "--tab=t", "a", "b"]).has(.truncate))
        #expect(try invocation(["transfer", "--rec=4", "a", "b"]).value(of: .reconcileTimeouts)?.text == "4")
        #expect(transferError("--q", "x") == "option --q is ambiguous: --query, --quote or --quiet")
        #expect(transferError("--ver") == "option --ver is ambiguous: --verbose or --version")
    }

    @Test func `an exact name is not ambiguous with a longer one`() {
        let options = [OptionSpec("into-all", summary: ""), OptionSpec("into", summary: "")]
        guard case .found(let match) = OptionMatch.long("into", among: options) else {
            Issue.record("--into is exact")
            return
        }
        #expect(match.long == "into")
    }

    @Test(arguments: [
        ["--help"], ["-h"], ["-?"], ["--nonsense", "--help"], ["--format=no", "-qh"], ["-q", "-v", "a", "--hel"],
        ["--quiet=yes", "-?", "--table"],
    ]
    )
    func `help wins over whatever is wrong`(_ words: [String]) throws {
        guard case .help(let command?) = try Parser.parse(arguments(["transfer"] + words)) else {
            Issue.record("\(words) shows no help")
            return
        }
        #expect(command.name == .transfer)
    }

    @Test func `help is a value where a value is due, and an operand behind two dashes`() throws {
        #expect(try invocation(["transfer", "--query", "--help", "a", "b"]).value(of: .query)?.text == "--help")
        #expect(try invocation(["transfer", "--", "--help", "b"]).operands == arguments(["--help", "b"]))
    }

    @Test(arguments: ["--help", "-h", "-?", "--he", "--version", "-V"])
    func `help and the version need no command`(_ word: String) throws {
        switch try Parser.parse(arguments([word])) {
        case .help(nil): #expect(word != "--version" && word != "-V")
        case .version: #expect(word == "--version" || word == "-V")
        case .run, .help: Issue.record("\(word)")
        }
    }

    @Test func `operands keep bytes that are no UTF-8`() throws {
        let odd = Argument(bytes: [0x2F, 0xFF, 0x61])
        let request = try Parser.parse([Argument("transfer"), odd, Argument("b")])
        guard case .run(let invocation) = request else {
            Issue.record("\(request)")
            return
        }
        #expect(invocation.operands.first == odd)
        #expect(try TransferOptions(invocation).source.bytes == [0x2F, 0xFF, 0x61])
    }
}

extension OptionSpec {
    static func namesOfTransfer(where condition: (OptionSpec) -> Bool) -> [String] {
        CommandSpec.transfer.options.filter(condition).map(\.long)
    }

    static func named(_ name: String) -> OptionSpec? {
        CommandSpec.transfer.options.first { $0.long == name }
    }
}
