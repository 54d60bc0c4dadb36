// The shells complete what they should, asked as a user asks them.

import Glibc
import TestKit
import Testing

@testable import PgcopyCLI

@Suite("Front end: completions")
struct FrontEndCompletionTests {
    /// A line that ends at the cursor, and all that must be offered.
    struct Case: Sendable, CustomTestStringConvertible {
        let line: String
        let offered: Set<String>
        var testDescription: String { line }
    }

    private static let commands = Set(CommandName.allCases.map(\.rawValue))
    private static let endpoints: Set = ["-", "null:", "file:", "program:", "./orders.csv", "./sub"]

    /// What every shell offers alike.
    static let common = [
        Case(line: "pgcopy ", offered: commands),
        Case(line: "pgcopy tr", offered: ["transfer"]),
        Case(line: "pgcopy transfer --for", offered: ["--format"]),
        Case(line: "pgcopy transfer --q", offered: ["--query", "--quote", "--quiet"]),
        Case(line: "pgcopy transfer --format ", offered: ["auto", "text", "csv", "binary"]),
        Case(line: "pgcopy transfer --format=", offered: ["auto", "text", "csv", "binary"]),
        Case(line: "pgcopy transfer --format=c", offered: ["csv"]),
        Case(line: "pgcopy transfer --progress j", offered: ["json"]),
        Case(line: "pgcopy transfer a --tru", offered: ["--truncate"]),
        Case(line: "pgcopy transfer ", offered: endpoints),
        Case(line: "pgcopy transfer shop ", offered: endpoints),
        Case(line: "pgcopy transfer nu", offered: ["null:"]),
        Case(line: "pgcopy transfer null: or", offered: ["./orders.csv"]),
        Case(line: "pgcopy transfer -- --f", offered: []),
        Case(line: "pgcopy transfer --table ", offered: []),
        Case(line: "pgcopy transfer -qt ", offered: []),
        Case(line: "pgcopy completions ", offered: ["bash", "zsh", "fish"]),
        Case(line: "pgcopy help tr", offered: ["transfer"]),
        Case(line: "pgcopy help --", offered: ["--help", "--version"]),
    ]

    /// A folder with files to offer, and the scripts out of its way.
    private func folders() throws -> (files: TemporaryDirectory, scripts: TemporaryDirectory) {
        let files = try TemporaryDirectory()
        try files.write([], to: "orders.csv")
        try #require(mkdir(files.file("sub"), 0o755) == 0)
        let scripts = try TemporaryDirectory()
        for shell in Shell.allCases { try scripts.write(CompletionScript.text(for: shell).utf8, to: shell.scriptName) }
        return (files, scripts)
    }

    /// What differs in spelling only: `--format=` and `sub/`.
    private func normalized(_ output: String, value: Bool = false) -> Set<String> {
        let lines = output.split(separator: "\n").map { line -> String in
            var word = String(line)
            while let last = word.last, last == "=" || last == "/" { word.removeLast() }
            return word
        }
        return Set(lines)
    }

    @Test(arguments: Shell.allCases)
    func `every script is right syntax to its shell`(_ shell: Shell) throws {
        let folders = try folders()
        let result = try runTool(shell.rawValue, ["-n", folders.scripts.file(shell.scriptName)])
        #expect(result.code == 0 && result.errors == "")
    }

    @Test(
        arguments: common + [
            Case(line: "pgcopy transfer -w", offered: []),
            Case(line: "pgcopy transfer file:o", offered: ["orders.csv"]),
            Case(line: "pgcopy transfer 'a b' --inter", offered: ["--interval"]),
        ])
    func `bash offers what fits and nothing else`(_ example: Case) throws {
        let folders = try folders()
        // What bash itself would set: it splits at "=" and ":" too.
        let driver = """
            source "$1"
            COMP_LINE=$2 COMP_POINT=${#2}
            shift 2
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
            _pgcopy && printf '%s\\n' "${COMPREPLY[@]}"
            """
        let script = folders.scripts.file(Shell.bash.scriptName)
        let words = try bashWords(example.line)
        let result = try runTool(
            "bash", ["-c", driver, "bash", script, example.line] + words, in: folders.files, withProgram: true)
        #expect(normalized(result.output) == example.offered)
        #expect(result.errors.split(separator: "\n").allSatisfy { $0.contains("compopt") }, "\(result.errors)")
    }

    /// Splits as readline does with the usual COMP_WORDBREAKS.
    private func bashWords(_ line: String) throws -> [String] {
        var words = line.matches(of: /'[^']*'|[=:]+|[^ =:']+/).map { String($0.output) }
        if line.hasSuffix(" ") { words.append("") }
        return words
    }

    @Test(arguments: ["-t", "-q", "-v", "-w", "-W", "-h", "-V", "-", "--table="])
    func `bash knows short options`(_ offered: String) throws {
        let folders = try folders()
        let driver =
            "source \"$1\"; COMP_LINE='pgcopy transfer -'; COMP_WORDS=(pgcopy transfer -); COMP_CWORD=2; "
            + "_pgcopy; printf '%s\\n' \"${COMPREPLY[@]}\""
        let script = folders.scripts.file(Shell.bash.scriptName)
        let result = try runTool("bash", ["-c", driver, "bash", script], in: folders.files)
        #expect(result.output.split(separator: "\n").contains(offered[...]))
    }

    @Test(
        arguments: common + [
            Case(line: "pgcopy transfer --interval ", offered: [])
        ])
    func `fish offers what fits and nothing else`(_ example: Case) throws {
        let folders = try folders()
        let script = folders.scripts.file(Shell.fish.scriptName)
        let driver = "source $argv[1]; complete -C $argv[2]"
        let result = try runTool(
            "fish", ["-N", "-c", driver, script, example.line], in: folders.files, withProgram: true)
        // A description stands behind a tab; a value comes with its option in front.
        let words = result.output.split(separator: "\n").map { line in
            let word = line.prefix { $0 != "\t" }
            let value = example.line.contains("=") ? word.drop { $0 != "=" }.dropFirst() : word
            // It keeps back what begins with a dot.
            return value.hasPrefix("file:") && value != "file:" ? "./" + value.dropFirst(5) : value
        }
        #expect(normalized(words.joined(separator: "\n")) == example.offered)
        #expect(result.errors == "")
    }

    @Test(.serialized, arguments: common)
    func `zsh offers what fits and nothing else`(_ example: Case) throws {
        let folders = try folders()
        let driver = try folders.scripts.write(zshDriver.utf8, to: "driver.zsh")
        let result = try runTool(
            "zsh", ["-f", driver, folders.scripts.path, folders.scripts.file("log"), example.line],
            in: folders.files, withProgram: true
        )
        #expect(normalized(result.output) == example.offered, "\(result.errors)")
    }

    @Test func `zsh offers no option that conflicts with one that is given`() throws {
        let folders = try folders()
        let driver = try folders.scripts.write(zshDriver.utf8, to: "driver.zsh")
        let result = try runTool(
            "zsh", ["-f", driver, folders.scripts.path, folders.scripts.file("log"), "pgcopy transfer --query x --"],
            in: folders.files
        )
        let offered = normalized(result.output)
        #expect(offered.contains("--into"))
        #expect(offered.isDisjoint(with: ["--where", "--table", "--query"]))
    }
}
