// COPY by libpq's own calls: what psycopg asserts of it, on a real server.

import ErrorKit
import PQ
import TestKit
import Testing

@Suite struct `libpq's COPY calls` {
    private let rows = (0..<10).map { block in
        (0..<20).map { "\(block * 20 + $0)\tvalue \($0)\n" }.joined()
    }

    private func table() throws -> Connection {
        let connection = try connectToFreshDatabase()
        try connection.value("CREATE TABLE t (i int, x text)")
        return connection
    }

    @Test func `put, end and get outside of COPY are errors, and the connection works on (6a 1-3)`() throws {
        let connection = try connectToFreshDatabase()
        thrown(.libpq) { try connection.put("1\n") }
        thrown(.libpq) { try connection.putCopyEnd() }
        let error = thrown(.libpq) { _ = try connection.getCopyData() }
        // libpq keeps the complaints of calls before it until the next statement.
        #expect(error?.message.hasSuffix("no COPY in progress") == true && error?.code == .libpq)
        #expect(try connection.value("SELECT 1") == "1")
    }

    @Test func `put, end and get on a finished connection are errors (6a 1-3)`() throws {
        let connection = try connectToFreshDatabase()
        connection.finish()
        let put = thrown(.connectionLost) { try connection.put("1\n") }
        #expect(put?.message == "the connection is closed" && put?.code == .connectionLost)
        thrown(.connectionLost) { try connection.putCopyEnd() }
        thrown(.connectionLost) { _ = try connection.getCopyData() }
    }

    @Test func `ten puts of twenty rows load (6a 4)`() throws {
        let connection = try table()
        try connection.beginCopy("COPY t FROM STDIN", .copyIn)
        for block in rows { try connection.put(block) }
        try connection.putCopyEnd()
        let results = try connection.results()
        #expect(results.map(\.status) == [.commandOK] && results.first?.commandTag == "COPY 200")
        #expect(try connection.value("SELECT (min(i), max(i), count(*), sum(length(x))) FROM t") == "(0,199,200,1500)")
    }

    @Test func `bad data is told by the result only, and nothing is stored (6a 5)`() throws {
        let connection = try table()
        try connection.beginCopy("COPY t FROM STDIN", .copyIn)
        try connection.put("hardly a number\tx\n")
        for block in rows { try connection.put(block) }
        try connection.putCopyEnd()
        let result = try #require(try connection.resultWhenThere())
        #expect(result.status == .fatalError)
        let error = try #require(result.error(connectionLost: false)?.server)
        #expect(error.message.contains("hardly a number") && error.sqlState == "22P02")
        #expect(error.context == #"COPY t, line 1, column i: "hardly a number""#)
        #expect(try connection.resultWhenThere() == nil)
        #expect(try connection.value("SELECT count(*) FROM t") == "0")
    }

    @Test func `an end with a reason fails the COPY with it (6a 6)`() throws {
        let connection = try table()
        try connection.beginCopy("COPY t FROM STDIN", .copyIn)
        try connection.put(rows[0])
        try connection.putCopyEnd(failing: "the user's é reason")
        let error = try #require(try connection.results().first?.error(connectionLost: false))
        #expect(error.message.contains("the user's é reason"))
        #expect(try connection.value("SELECT count(*) FROM t") == "0")
    }

    @Test func `text COPY OUT gives a row at a time (6a 7)`() throws {
        let connection = try connectToFreshDatabase()
        let result = try connection.beginCopy("COPY (VALUES (1, 'a'), (2, NULL)) TO STDOUT", .copyOut)
        #expect(!result.isBinary)
        #expect(connection.transactionStatus == .active)
        let messages = try connection.copyMessages().map { String(decoding: $0, as: UTF8.self) }
        #expect(messages == ["1\ta\n", "2\t\\N\n"])
        let results = try connection.results()
        #expect(results.map(\.status) == [.commandOK] && results.first?.commandTag == "COPY 2")
        #expect(connection.transactionStatus == .idle)
    }

    @Test func `binary COPY OUT gives the header with the first row and the trailer by itself (6a 7)`() throws {
        let connection = try connectToFreshDatabase()
        let result = try connection.beginCopy("COPY (VALUES (1), (2)) TO STDOUT (FORMAT binary)", .copyOut)
        #expect(result.isBinary)
        let messages = try connection.copyMessages()
        #expect(messages.count == 3)
        #expect(messages.first?.starts(with: Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0]) == true)
        #expect(messages.first?.suffix(10) == [0, 1, 0, 0, 0, 4, 0, 0, 0, 1])
        #expect(messages.dropFirst().first == [0, 1, 0, 0, 0, 4, 0, 0, 0, 2])
        #expect(messages.last == [0xff, 0xff])
        #expect(try connection.results().first?.commandTag == "COPY 2")
    }

    @Test func `putting nothing sends nothing`() throws {
        let connection = try table()
        try connection.beginCopy("COPY t FROM STDIN", .copyIn)
        try connection.put("")
        try connection.putCopyEnd()
        #expect(try connection.results().first?.commandTag == "COPY 0")
    }

    @Test func `an error in the middle of COPY OUT is its result`() throws {
        let connection = try connectToFreshDatabase()
        try connection.beginCopy("COPY (SELECT 1 / (11 - i) FROM generate_series(1, 100) i) TO STDOUT", .copyOut)
        #expect(try connection.copyMessages().count == 10)
        let error = try #require(try connection.results().first?.error(connectionLost: false)?.server)
        #expect(error.sqlState == "22012" && error.message == "division by zero" && error.severity == "ERROR")
        #expect(try connection.value("SELECT 1") == "1")
    }
}
