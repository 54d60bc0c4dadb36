// The options of `exec`, read and checked.

import Testing

@testable import PgcopyCLI

@Suite("Front end: the options of exec")
struct FrontEndExecOptionsTests {
    private func exec(_ words: String...) throws -> ExecOptions {
        try ExecOptions(invocation(["exec"] + words))
    }

    @Test func `statements come from stdin unless told otherwise`() throws {
        #expect(try exec("db").input == .standardInput)
        #expect(try exec("-f", "-", "db").input == .standardInput)
        #expect(try exec("-f./x.sql", "db").input == .file(Argument("./x.sql")))
        #expect(
            try exec("-c", "SELECT 1", "db", "--command=", "--command", "x").input == .texts(["SELECT 1", "", "x"]))
    }

    @Test func `connections, synchronization points, words and passwords are read`() throws {
        let plain = try exec("one", "two")
        #expect(plain.connections == [Argument("one"), Argument("two")])
        #expect(plain.syncEvery == nil && plain.verbosity == .normal && plain.passwordPrompt == .automatic)
        let given = try exec("-qw", "--sync-every=12", "db")
        #expect(given.syncEvery == 12 && given.verbosity == .quiet && given.passwordPrompt == .never)
        #expect(!given.stopOnError && given.format == nil && !given.timing)
        let formed = try exec("--stop-on-error", "--format=aligned", "--timing", "db")
        #expect(formed.stopOnError && formed.format == .aligned && formed.timing)
        #expect(throws: UsageError.self) { try exec("--format=xml", "db") }
        let others = try exec("-vW", "db")
        #expect(others.verbosity == .verbose && others.passwordPrompt == .always)
    }

    @Test(arguments: ["0", "-1", "1.5", "x", "", "99999999999999999999"])
    func `a number of statements that makes no sense is refused`(_ count: String) {
        let error = #expect(throws: UsageError.self) { try exec("--sync-every=\(count)", "db") }
        #expect(error?.message.hasPrefix("option --sync-every: ") == true)
        #expect(error?.command == .exec)
    }

    @Test func `statements that are no UTF-8 are refused`() throws {
        let words = arguments(["exec", "-c"]) + [Argument(bytes: [0xFF]), Argument("db")]
        guard case .run(let invocation) = try Parser.parse(words) else {
            Issue.record("no invocation")
            return
        }
        #expect(throws: UsageError.self) { try ExecOptions(invocation) }
    }
}
