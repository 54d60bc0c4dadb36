// What completes values, without a shell and without a server.

import Testing

@testable import CopyCore
@testable import PgcopyCLI

@Suite("Front end: values that are completed")
struct CompletionValueTests {
    /// What bash breaks words at.
    private static let breaks = " \t\n\"'@><=;|&(:"

    private func word(_ text: String, _ shell: Shell = .bash) -> ShellWord {
        ShellWord(text, in: shell, breaks: shell == .bash ? Self.breaks : "")
    }

    @Test(
        arguments: [
            ("plain", "plain", nil), ("'a b'c", "a bc", nil), (#"\"Odd\ N"#, "\"Odd N", nil), ("'\"Od", "\"Od", "'"),
            (#""a\"b\c\$"#, #"a"b\c$"#, "\""), ("'a\\", "a\\", "'"), ("\\", "", nil),
            // Nothing is expanded.
            ("$(x)`y`$z", "$(x)`y`$z", nil), ("", "", nil),
        ] as [(String, String, Unicode.Scalar?)])
    func `a word is what the shell makes of it`(_ text: String, _ value: String, _ quote: Unicode.Scalar?) {
        #expect(word(text).value == value && word(text).openQuote == quote)
    }

    @Test func `fish has escapes in single quotes`() {
        #expect(word(#"'a\'b\\c\d"#, .fish).value == #"a'b\c\d"#)
    }

    @Test(arguments: [
        ("or", "orders", "orders"), ("Od", "\"Odd Name\"", "'\"Odd Name\"'"), ("~", "~x", "'~x'"),
        ("x", "ex$(touch y)`z`!;&|*", "ex'$(touch y)`z`!;&|*'"), ("i", "it's", "it''\\''s'"),
        // In quotes what stands before them stays.
        ("'\"Od", "\"Odd Name\"", "\"Odd Name\""), ("db#'", "db#\"it's\"", "\"it'\\''s\""),
        ("\"\\\"Od", "\"Odd $N!\"", "\\\"Odd \\$N\"\\!\"\\\"\""), ("'", "x'", "x'\\'''"),
        // Behind what breaks words only the rest is replaced.
        ("postgres://u@h:1/d#o", "postgres://u@h:1/d#o p", "1/d#o' p'"), ("service=e", "service=eu", "eu"),
        ("'a=b'c", "a=bcd", "a=bcd"),
    ])
    func `a value is typed so that the shell gives it back`(_ typed: String, _ value: String, _ replacement: String) {
        #expect(word(typed).replacement(for: value) == replacement)
    }

    @Test func `what does not go on from what stays cannot be typed`() {
        #expect(word("postgres://h#O").replacement(for: "service=x") == nil)
    }

    @Test func `names are read as SQL reads them, as far as they go`() throws {
        let folded = try #require(NamePrefix("Ord"))
        #expect(folded.schema == nil && folded.name == "ord" && !folded.isQuoted)
        let inside = try #require(NamePrefix("\"S \"\"x\".oR"))
        #expect(inside.schema == "S \"x" && inside.name == "or")
        let open = try #require(NamePrefix("sales.\"Od d"))
        #expect(open.schema == "sales" && open.name == "Od d" && open.isQuoted)
        #expect(NamePrefix("")?.name == "" && NamePrefix("sales.")?.schema == "sales")
        for text in ["a.b.c", "a b", "a*", ".x", "\"a\"b", "a;"] { #expect(NamePrefix(text) == nil, "\(text)") }
    }

    @Test(arguments: [
        ("orders", "orders"), ("Odd", "\"Odd\""), ("a b", "\"a b\""), ("q\"t", "\"q\"\"t\""), ("do$lar", "do$lar"),
        ("1st", "\"1st\""), ("ümlaut", "ümlaut"), ("select", "select"), ("$x", "\"$x\""), ("", "\"\""),
    ])
    func `names are quoted where they have to be`(_ name: String, _ typed: String) {
        #expect(NamePrefix.typed(name) == typed)
        #expect(NamePrefix("\"")?.typed(name).first == "\"")
    }

    @Test func `services are the sections of their file`() {
        let text = "# [no]\n[eu]\nhost=x\r\n  [us east]\n[broken\nldap://x\n[it's]"
        #expect(ServiceFile.sections(text) == ["eu", "us east", "it's"])
        #expect(
            ServiceFile.sections(text).map(ServiceFile.typed) == [
                "service=eu", "service='us east'", "service='it\\'s'",
            ])
    }

    private func request(_ words: String...) -> CompletionRequest? { CompletionRequest(words.map { Argument($0) }) }

    @Test func `the source is the first operand, wherever the cursor is`() {
        for line in [
            ["-t", "or", "shop", "eu"], ["--table", "or", "-q", "shop"], ["--table=or", "shop"], ["-qt", "or", "shop"],
            ["-qtor", "shop"], ["--upsert", "shop", "-t", "or"], ["-j", "4", "--", "shop"], ["'shop'", "-t", "or"],
        ] {
            let request = CompletionRequest(
                (["bash", "table", "or", Self.breaks, "--", "transfer"] + line).map { Argument($0) })
            #expect(request?.source == "shop", "\(line)")
        }
        #expect(request("fish", "table", "or", "--", "transfer", "-t", "or")?.source == nil)
        #expect(request("zsh", "schema", "o'r", "--", "snapshot", "a b", "-n", "o'r")?.source == "a b")
        #expect(request("zsh", "schema", "o'r", "--", "snapshot", "x")?.word.value == "o'r")
    }

    @Test func `what no script asks is no request`() {
        #expect(request() == nil && request("bash") == nil && request("tcsh", "table", "x", "--") == nil)
        #expect(request("bash", "column", "x", "--", "transfer") == nil)
        #expect(request("bash", "table", "x") == nil && request("bash", "table", "--", "transfer") == nil)
    }
}
