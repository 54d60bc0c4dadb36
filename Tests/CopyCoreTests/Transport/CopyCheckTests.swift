// What is refused before it is sent, and what is not.

import TestKit
import Testing

@testable import CopyCore

struct CopyCheckTests {
    private func refusal(_ sql: String, _ direction: CopyDirection, standardStrings: Bool = true) -> PgcopyError? {
        do throws(PgcopyError) {
            try CopyCheck.require(direction, sql, standardStrings: standardStrings)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        "copy t to stdout", "COPY t TO STDOUT;", " \n\tCopy t to stdout ;; ; -- end",
        "/* a /* b */ ; */ copy t to stdout",
        "copy (select ';', \";\", $$;$$, $a$ $$; $a$ from t) to stdout", "copy (select 1 -- ; )\n) to stdout",
        "copy (select e'\\';' from t) to stdout", "copy \"from\" to stdout", "copy public.from to stdout",
        "copy t (a, \"to\") to stdout with (format csv, delimiter ';')", "copy (copy) to stdin",
        "copy (select U&'\\0041;', u&\";\" from t) to stdout", "copy binary t to stdout", "copy t -- x\r to stdout",
        "copy (select 'it''s; fine') to stdout", "copy (select $1; from x) to stdout",
    ])
    func `one COPY to stdout passes`(sql: String) {
        #expect(refusal(sql, .to) == nil)
        let other = refusal(sql, .from)
        // A semicolon in parentheses is left to the server's parser.
        #expect(other == (sql.contains("$1;") ? nil : .notFromStdin))
    }

    @Test(arguments: [
        "copy t from stdin", "copy t from stdin where a is distinct from b", "copy t (a) from stdin with (null 'to')",
        "copy to_table from stdout",
    ])
    func `one COPY from stdin passes`(sql: String) {
        #expect(refusal(sql, .from) == nil)
        #expect(refusal(sql, .to) == .notToStdout)
    }

    @Test(arguments: [
        "", " ", "--", ";", "wat", "select 1", "reset timezone", "(copy t to stdout)", "copyx",
        "begin; copy t to stdout",
    ])
    func `what is no COPY is refused`(sql: String) {
        #expect(refusal(sql, .to) == .notCopy)
        #expect(refusal(sql, .from) == .notCopy)
    }

    @Test(arguments: [
        "copy t to stdout; select 1", "copy t to stdout;copy t to stdout", "copy t to stdout; '",
        "copy (select 1) to stdout; drop table t",
        "copy (select 1) to stdout; drop table t; copy (select 1) to stdout", "copy t to stdout -- x\n; select 1",
        "copy t; ) x",
        "copy (select $$a$$) to stdout /* ; */ ; /* */ commit",
    ])
    func `a second statement is refused`(sql: String) {
        #expect(refusal(sql, .to) == .severalStatements)
        #expect(refusal(sql, .from) == .severalStatements)
    }

    @Test(arguments: [
        "copy t to 'f'", "copy t from 'f'", "copy t to program 'x'", "copy t from program 'x'", "copy t to e'f'",
        "copy t from $$f$$",
    ])
    func `files and programs of the server are refused`(sql: String) {
        #expect(refusal(sql, .to) == .fileOrProgram)
        #expect(refusal(sql, .from) == .fileOrProgram)
    }

    @Test func `where a backslash escapes, a string ends elsewhere`() {
        let sql = "copy (select '\\'; x') to stdout; select ''"
        #expect(
            refusal(sql, .to, standardStrings: true) == nil,
            "the string ends at the backslash: what follows is in parentheses")
        #expect(refusal(sql, .to, standardStrings: false) == .severalStatements)
    }

    @Test func `a zero byte is refused`() { #expect(refusal("copy t to stdout\0; x", .to) == .zeroByte) }

    @Test(arguments: [
        "copy (select 'a", "copy t to stdout /* x", "copy \"t", "copy (select $a$ x $b$", "copy t", "copy t to",
        "copy t to nowhere",
    ])
    func `what the server cannot parse is left to it`(sql: String) { #expect(refusal(sql, .to) == nil) }

    // MARK: On a session

    @Test(arguments: TransportChoice.allCases, [TransactionStatus.idle, .inTransaction, .inError])
    func `refused in every state of a transaction, with nothing run`(
        transport: TransportChoice, status: TransactionStatus
    ) throws {
        let session = try ScopeKit.session(Servers.source.conninfo())
        try session.run("CREATE TEMP TABLE t (i int)")
        if status != .idle { try session.run("BEGIN") }
        if status == .inError { _ = failureCode { try session.run("SELECT 1/0") } }
        var sent: [String] = []
        session.onStatement = { sent.append($1) }
        let cases: [(String, PgcopyError, PgcopyError)] = [
            ("wat", .notCopy, .notCopy), ("select 1", .notCopy, .notCopy), ("reset timezone", .notCopy, .notCopy),
            ("copy t to stdout; select 1", .severalStatements, .severalStatements),
            ("select 1; copy t to stdout", .notCopy, .notCopy),
            ("copy t from stdin; drop table t", .severalStatements, .severalStatements),
            ("copy t to '/tmp/x'", .fileOrProgram, .fileOrProgram),
            ("copy t from program 'true'", .fileOrProgram, .fileOrProgram),
        ]
        for (sql, out, into) in cases + [("copy t from stdin", .notToStdout, .notCopy)] {
            #expect(throws: PgcopyError.of(out, at: session.label)) {
                try session.copyOut(sql, transport: transport) { _ in }
            }
            #expect(session.transactionStatus == status)
            guard sql != "copy t from stdin" else { continue }
            #expect(throws: PgcopyError.of(into, at: session.label)) {
                try session.copyIn(sql, transport: transport) { _ in }
            }
        }
        #expect(throws: PgcopyError.of(PgcopyError.notFromStdin, at: session.label)) {
            try session.copyIn("copy t to stdout", transport: transport) { _ in }
        }
        #expect(session.transactionStatus == status)
        #expect(sent.isEmpty)
        if status != .idle { try session.run("ROLLBACK") }
        #expect(try session.value("SELECT count(*) FROM t") == "0")
    }

    @Test(arguments: TransportChoice.allCases)
    func `a producer and a receiver refuse them too, and the session goes on`(transport: TransportChoice) throws {
        let session = try ScopeKit.session(Servers.source.conninfo())
        try session.run("CREATE TEMP TABLE t (i int)")
        let out = CopyManager(
            StatementProducer(session, "copy t to stdout; drop table t", transport: transport), [NullReceiver()])
        #expect(try copyFailure { try out.run() }.producerFault as? PgcopyError == .severalStatements)
        let into = CopyManager(NullProducer(), [StatementReceiver(session, "copy t to stdout", transport: transport)])
        #expect(try copyFailure { try into.run() }.receiverFaults.first?.error as? PgcopyError == .notFromStdin)
        #expect(try session.value("SELECT count(*) FROM t") == "0")
    }

    /// The wire transport does not count on the check: a string that outwits it ends well as well.
    @Test(arguments: [
        "copy t from stdin", "select 1; copy t from stdin", "copy t from stdin; copy t from stdin", "select 1", "",
    ])
    func `a line that asked for rows and got something else comes back`(sql: String) throws {
        let session = try ScopeKit.session(Servers.source.conninfo())
        try session.run("CREATE TEMP TABLE t (i int)")
        let line = try #require(WireLine(session))
        try line.send(sql)
        try session.complete(grace: .seconds(10)) { try line.realign(saying: "not wanted", cancelling: true) }
        #expect(session.transactionStatus == .idle)
        #expect(try session.value("SELECT count(*) FROM t") == "0")
    }
}
