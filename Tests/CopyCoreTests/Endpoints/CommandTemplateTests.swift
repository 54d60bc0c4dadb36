// Names of tables in commands, run by the shell.

import ErrorKit
import Glibc
import TestKit
import Testing

@testable import CopyCore

@Suite struct `A command with a table's name in it` {
    private static let hostile = [
        "plain", "with space", "it's", "''", "\"", "\"; touch MARK; \"", "$(touch MARK)", "`touch MARK`", "${HOME}",
        "a\nb",
        "; touch MARK", "& touch MARK &", "#", "*", "?", "~", "\\", "\\'", "a\\\nb", "!", "{table}", "{schema}",
        "$PGCOPY_SCHEMA",
        "'; touch MARK; '", "\u{1F600}", "x)", "$((1+1))", "\t", "é",
    ]

    /// What sh gives for a command; a file MARK is a name that was run.
    private func output(_ command: String, _ name: SQLName, in directory: TemporaryDirectory) throws -> String {
        let template = try #require(try CommandTemplate(Array("cd \(directory.path); \(command)".utf8)))
        let child = try ChildProcess(
            template.command(for: name).command, input: .inherited, output: .pipe, group: .own)
        let output = try #require(child.output)
        #expect(try SystemPoller().run([child], until: SystemPoller().now + 30))
        #expect(child.status == .exited(0))
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(output, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    @Test(arguments: hostile) func `gets the very name, whatever it holds, and runs nothing of it`(name: String) throws
    {
        let directory = try TemporaryDirectory()
        let table = SQLName([name, name])
        for (command, expected) in [
            ("printf '[%s]' {table}", "[\(name)]"),
            ("printf '[%s]' a{table}b {schema}.{table}.csv", "[a\(name)b][\(name).\(name).csv]"),
            ("x=$(printf '%s.' {table}); printf '[%s]' \"$x\"", "[\(name).]"),
            ("printf '[%s]' \"$(printf '%s.' {table})\"", "[\(name).]"),
            ("case {table} in {schema}) printf same;; esac", "same"),
            ("printf '%s|' \"it's\"{table}'\"'{table} # don't", "it's\(name)\"\(name)|"),
            ("cat <<x; printf %s {table}\nx\n", name),
            ("cat > f{table}; cat f*", ""),
        ] as [(String, String)] {
            #expect(try output(command, table, in: directory) == expected)
        }
        #expect(try directory.entries() == ["f\(name)"])
    }

    @Test(arguments: [
        "awk '{print}' x", "echo ${table}", "echo \"${table}\"", "sh -c 'echo ${table}'", "echo \\{table}", "{tables}",
        "cat # {table}", "cat <<x\n${table}\nx", "{ table }", "echo {TABLE}", "true", "$ {table", "{schema",
    ]) func `leaves braces alone that are the shell's`(command: String) throws {
        #expect(try CommandTemplate(Array(command.utf8)) == nil)
    }

    @Test(arguments: [
        "cat > '{table}'", "cat > \"{table}\"", "sh -c 'cat > out/{schema}.csv'", "cat > \"a${x}{table}\"",
        "echo `cat {table}`",
        "cat <<x\n{table}\nx", "cat <<-'x y'; true\n\t{table}\n\tx y\n", "echo ${x:-{table}}", "echo $((1+{table}))",
        "echo \"'{table}'\"", "echo $'a\\'{table}'", "echo \"\\\"{table}\"", "cat > 'a'\\''{table}'",
    ]) func `is refused where it stands in quotes`(command: String) throws {
        let error = try requireThrown(.usage) { try CommandTemplate(Array(command.utf8)) }
        #expect("\(error)".contains("cannot stand inside of quotes"))
    }

    @Test func `is taken behind all of these`() throws {
        for command in [
            "cat > 'a b'{table}", "cat > \"$x\"{table}", "cat > \"${x:-\"a b\"}\"{table}", "cat > `date`{table}",
            "cat $((1+(2)))/{table}",
            "cat <<x\n'\nx\ncat {table}", "cat <<-\\x <<'y z'\n\"\n\tx\n'\ny z\ncat {table}", "cat <<<'x' {table}",
            "cat $# {table}",
            "cat $${table}", "(cd x; cat) {table}", "cat $(case x in a) ;; esac) {table}", "cat a#' '{table}",
            "cat \\' {table}",
        ] { #expect(try CommandTemplate(Array(command.utf8))?.tellsTablesApart == true, "\(command)") }
        #expect(try CommandTemplate(Array("cat {schema}".utf8))?.tellsTablesApart == false)
    }

    @Test func `takes no name that leads elsewhere, or to an option`() throws {
        func refused(_ command: String, _ parts: [String], _ words: String) throws {
            let template = try #require(try CommandTemplate(Array(command.utf8)))
            let error = try requireThrown(.refused) { try template.command(for: SQLName(parts)) }
            #expect("\(error)".contains(words))
        }
        for name in ["../../etc/x", "a/b", "/", ".", ".."] {
            try refused("cat > out/{table}.csv", ["s", name], "a name that no file can have")
            try refused("cat > out/{schema}/{table}.csv", [name, "t"], "a name that no file can have")
        }
        for command in ["rm {table}", "rm {schema} x", "cat >{schema}.{table}", "true;{schema}"] {
            try refused(command, ["-rf", "-rf"], "takes for an option")
        }
        let template = try #require(try CommandTemplate(Array("rm ./{table} --x={table}".utf8)))
        #expect(try template.command(for: SQLName(["s", "-rf"])).text == Array("rm ./-rf --x=-rf".utf8))
        let schema = try #require(try CommandTemplate(Array("cat {schema}".utf8)))
        #expect(try requireThrown(.usage) { try schema.command(for: SQLName(["t"])) }.message.contains("is not named"))
    }
}
