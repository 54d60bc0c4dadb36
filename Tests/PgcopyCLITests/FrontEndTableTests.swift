// The table keeps its own rules.

import Testing

@testable import PgcopyCLI

@Suite("Front end: the table")
struct FrontEndTableTests {
    @Test func `every command name has exactly one entry`() {
        #expect(CommandTable.commands.map(\.name) == CommandName.allCases)
    }

    @Test(arguments: CommandTable.commands.map(\.name))
    func `names are unique within a command`(_ name: CommandName) throws {
        let options = try #require(CommandTable.command(name.rawValue)).options
        #expect(!options.isEmpty)
        #expect(Set(options.map(\.long)).count == options.count)
        let letters = options.flatMap(\.shorts)
        #expect(Set(letters).count == letters.count)
    }

    @Test func `options are spelt and documented as the help and the pages need it`() {
        for option in CommandTable.commands.flatMap(\.options) {
            let isPlain = option.long.utf8.allSatisfy { $0 == 0x2D || ($0 >= 0x61 && $0 <= 0x7A) }
            #expect(isPlain && option.long.count > 1, "\(option.long)")
            #expect(option.shorts.allSatisfy { $0.isASCII && $0 != "-" }, "\(option.long)")
            #expect(!option.summary.isEmpty && !option.summary.hasSuffix("."), "\(option.long)")
            #expect(option.details.allSatisfy { $0.hasSuffix(".") }, "\(option.long)")
            if let placeholder = option.value.placeholder { #expect(!placeholder.isEmpty, "\(option.long)") }
            if let choices = option.value.kind?.choices { #expect(choices.count > 1, "\(option.long)") }
        }
    }

    @Test func `a conflict names another option of the same command`() {
        for command in CommandTable.commands {
            let names = command.options.map(\.long)
            for option in command.options {
                #expect(option.conflicts.allSatisfy { names.contains($0) && $0 != option.long }, "\(option.long)")
            }
        }
    }

    @Test func `text is ASCII, so that a character is a column, and its marks come in pairs`() {
        let shared = SharedText.endpoints + SharedText.exitCodes + SharedText.shortExitCodes
        var texts = CommandTable.description + [CommandTable.summary]
        texts += (shared + SharedText.environment + SharedText.files).flatMap { [$0.term, $0.meaning] }
        for command in CommandTable.commands {
            texts += command.description + [command.summary] + command.groups.map(\.title)
            texts += command.options.flatMap { [$0.summary] + $0.details }
        }
        #expect(texts.count > 50)
        for text in texts {
            #expect(text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "\(text)")
            #expect(text.count(where: { $0 == "`" }).isMultiple(of: 2), "\(text)")
        }
    }

    @Test func `options that texts mention exist`() {
        for command in CommandTable.commands {
            let names = command.options.map(\.spelling)
            let texts = command.description + command.options.flatMap { [$0.summary] + $0.details }
            for word in texts.flatMap({ $0.split(whereSeparator: { " `.,;:()=".contains($0) }) })
            where word.hasPrefix("--") && word.count > 2 {
                #expect(names.contains(String(word)), "\(command.name): \(word)")
            }
        }
    }

    @Test func `only the last operand repeats, and required ones come first`() {
        for command in CommandTable.commands {
            #expect(command.operands.dropLast().allSatisfy { !$0.isRepeated })
            let required = command.operands.map(\.isRequired)
            #expect(required == required.sorted { $0 && !$1 })
        }
    }

    @Test func `examples are command lines that the parser takes`() throws {
        var checked = 0
        for example in CommandTable.commands.flatMap(\.examples) {
            guard let start = example.words.firstIndex(of: "pgcopy") else { continue }
            let words = example.words[(start + 1)...].prefix { $0 != ">" && $0 != "|" }
            #expect(usageError(words.map { $0.replacing("'", with: "") }) == nil, "\(example.words)")
            checked += 1
        }
        #expect(checked >= 6)
    }
}
