// COPY FROM STDIN in a scope, by every way.

import CopyCore
import ErrorKit
import TestKit
import Testing

struct CopyInTests {
    private func session(_ way: CopyWay, _ columns: String = "i int PRIMARY KEY, s text") throws -> Session {
        let session = try way.session()
        try session.run("CREATE TEMP TABLE t (\(columns))")
        return session
    }

    private let sql = "COPY t FROM STDIN"

    // MARK: Success

    @Test(arguments: CopyWay.all) func `one buffer lands as rows`(way: CopyWay) throws {
        let session = try session(way)
        let result = try session.copyIn(sql, transport: way.transport) { copy throws in
            #expect(session.transactionStatus == .active && !copy.isBinary)
            try copy.write("10\thello\n20\t\\N\n30\tworld\n")
            #expect(copy.rowCount == nil)
            try copy.finish()
            #expect(copy.rowCount == 3)
            return 7
        }
        #expect(result.value == 7 && result.rowCount == 3 && result.commandTag == "COPY 3")
        #expect(session.transactionStatus == .idle)
        #expect(try copyOutText(session, "COPY t TO STDOUT") == "10\thello\n20\t\\N\n30\tworld\n")
        let binary = try session.copyOut("COPY t TO STDOUT (FORMAT binary)", transport: way.transport) { rows throws in
            var bytes: [UInt8] = []
            while let chunk = try rows.nextChunk() { bytes += chunk }
            return bytes
        }.value
        try session.run("BEGIN; TRUNCATE t")
        let again = try session.copyIn("\(sql) (FORMAT binary)", transport: way.transport) { copy throws in
            #expect(copy.isBinary)
            for byte in binary { try copy.write([byte]) }
            try copy.finish()
        }
        #expect(again.rowCount == 3 && session.transactionStatus == .inTransaction)
        #expect(try session.value("SELECT count(*) || min(s) || max(s) FROM t") == "3helloworld")
    }

    @Test(arguments: CopyWay.all) func `rows of values and fields land`(way: CopyWay) throws {
        let session = try session(way)
        let texts = try session.copyIn(sql, transport: way.transport) { copy throws in
            try copy.write(values: ["1", "a\tb\\"])
            try copy.write("2\tmixed\n")
            try copy.write(values: ["3", nil])
            #expect(throws: PgcopyError.wrongFormat) { try copy.write(fields: [nil]) }
            try copy.finish()
        }
        #expect(texts.rowCount == 3)
        let binaries = try session.copyIn("\(sql) (FORMAT binary)", transport: way.transport) { copy throws in
            try copy.write(fields: [[0, 0, 0, 4], Array("four".utf8)])
            #expect(throws: PgcopyError.wrongFormat) { try copy.write(values: ["5"]) }
            #expect(throws: PgcopyError.mixedWriting) { try copy.write([0]) }
            try copy.write(fields: [[0, 0, 0, 5], nil])
            try copy.finish()
        }
        #expect(binaries.rowCount == 2)
        let expected = "1\ta\\tb\\\\\n2\tmixed\n3\t\\N\n4\tfour\n5\t\\N\n"
        #expect(try copyOutText(session, "COPY (SELECT * FROM t ORDER BY i) TO STDOUT") == expected)
    }

    @Test(arguments: CopyWay.all, ["", " (FORMAT csv)", " (FORMAT binary)"])
    func `nothing at all is a copy of no rows`(way: CopyWay, options: String) throws {
        let session = try session(way)
        try session.run("BEGIN")
        let result = try session.copyIn(sql + options, transport: way.transport) { try $0.finish() }
        #expect(result.rowCount == 0 && result.commandTag == "COPY 0")
        #expect(session.transactionStatus == .inTransaction)
    }

    @Test(arguments: CopyWay.all) func `a huge field and huge blocks go through`(way: CopyWay) throws {
        let session = try session(way, "s text")
        let result = try session.copyIn(sql, transport: way.transport) { copy throws in
            try copy.write(values: [String(repeating: "y", count: 10 << 20)])
            let block = [UInt8](repeating: UInt8(ascii: "z"), count: (20 << 20) - 1) + [UInt8(ascii: "\n")]
            for _ in 0..<2 { try copy.write(block) }
            // And 10 MB as a text, and as a part of memory of the caller's own.
            try copy.write(String(repeating: "t", count: (10 << 20) - 3) + "é\n")
            try block.withUnsafeBytes { try copy.write(RawSpan(_unsafeBytes: $0[(10 << 20)...])) }
            try copy.finish()
        }
        #expect(result.rowCount == 5)
        #expect(
            try session.value("SELECT string_agg(length(s) || left(s, 1), ' ' ORDER BY length(s)) FROM t")
                == "10485758t 10485759z 10485760y 20971519z 20971519z")
        // And the same rows back.
        try session.copyOut("COPY (SELECT s FROM t ORDER BY length(s)) TO STDOUT", transport: way.transport) {
            rows throws in
            var sizes: [Int] = []
            while let row = try rows.nextRow() { sizes.append(row.count) }
            #expect(sizes == [10_485_760, 10_485_760, 10_485_761, 20_971_520, 20_971_520])
        }
    }

    @Test(arguments: CopyWay.all) func `a table goes across two connections in three ways`(way: CopyWay) throws {
        let source = try way.session()
        let target = try session(way, "i int, s text, d float8")
        let select =
            "SELECT i, CASE WHEN i % 5 > 0 THEN repeat(chr(i % 120 + 1), i % 90) END, i / 7.0::float8 FROM generate_series(1, 3000) i"
        let expected = try copyOutText(source, "COPY (\(select)) TO STDOUT")
        for mode in ["chunk", "row", "binary"] {
            let options = mode == "binary" ? " (FORMAT binary)" : ""
            try target.run("TRUNCATE t")
            let result = try source.copyOut("COPY (\(select)) TO STDOUT\(options)", transport: way.transport) {
                rows throws in
                try target.copyIn(sql + options, transport: way.transport) { copy throws in
                    while let piece = try mode == "row" ? rows.nextRow() : rows.nextChunk() { try copy.write(piece) }
                    try copy.finish()
                }
            }
            #expect(result.rowCount == 3000 && result.value.rowCount == 3000)
            let arrived = try tableText(target)
            #expect(
                arrived.utf8.elementsEqual(expected.utf8),
                "\(mode): \(zip(arrived.split(separator: "\n"), expected.split(separator: "\n")).first { $0 != $1 } as Any)"
            )
        }
    }

    @Test(arguments: CopyWay.all, ["text", "csv", "binary"])
    func `what came out goes in and comes out the same`(way: CopyWay, format: String) throws {
        let session = try session(way, "i int, s text")
        try session.run(
            "INSERT INTO t SELECT i, CASE i % 4 WHEN 0 THEN '' WHEN 1 THEN E'a\\t\\n\\r\\\\' WHEN 2 THEN '\"quoted\"' END FROM generate_series(1, 999) i"
        )
        func out() throws -> [UInt8] {
            var bytes: [UInt8] = []
            try session.copyOut("COPY t TO STDOUT (FORMAT \(format))", transport: way.transport) { rows throws in
                while let chunk = try rows.nextChunk() { bytes += chunk }
            }
            return bytes
        }
        let before = try out()
        try session.run("TRUNCATE t")
        try session.copyIn("\(sql) (FORMAT \(format))", transport: way.transport) { copy throws in
            try copy.write(before)
            try copy.finish()
        }
        #expect(try out() == before)
    }

    @Test func `the formatter writes what the server writes`() throws {
        let session = try CopyWay.all[0].session()
        let value = (1...127).map { String(Unicode.Scalar(UInt8($0))) }.joined()
        let written = TextRow.encode([value, nil, ""])
        let select = "SELECT string_agg(chr(i), '' ORDER BY i), NULL, '' FROM generate_series(1, 127) i"
        #expect(try copyOutText(session, "COPY (\(select)) TO STDOUT") == String(decoding: written, as: UTF8.self))
        var binary = BinaryRow.header
        try BinaryRow.append([Array(value.utf8), nil, []], to: &binary)
        binary += BinaryRow.trailer
        let sent = try session.copyOut("COPY (\(select)) TO STDOUT (FORMAT binary)") { rows throws in
            var bytes: [UInt8] = []
            while let chunk = try rows.nextChunk() { bytes += chunk }
            return bytes
        }.value
        #expect(sent == binary)
    }

    @Test(arguments: CopyWay.all) func `a row that cannot be written harms neither those before it nor those after it`(
        way: CopyWay
    ) throws {
        let session = try session(way)
        let result = try session.copyIn("\(sql) (FORMAT binary)", transport: way.transport) { copy throws in
            try copy.write(fields: [[0, 0, 0, 1], Array("before".utf8)])
            let error = thrown(.input) { try copy.write(fields: Array(repeating: [1], count: 32_768)) }
            #expect(error?.cause as? BinaryRow.Malformation == .tooLarge)
            try copy.write(fields: [[0, 0, 0, 2], Array("after".utf8)])
            try copy.finish()
        }
        #expect(result.rowCount == 2)
        #expect(try tableText(session) == "1\tbefore\n2\tafter\n")
    }

    @Test(arguments: CopyWay.all)
    func `while a copy goes on, nothing else does, and the copy is none the worse`(way: CopyWay) throws {
        let session = try session(way)
        for other in TransportChoice.allCases {
            try session.run("TRUNCATE t")
            let result = try session.copyIn(sql, transport: way.transport) { copy throws in
                for number in 1...3 {
                    try copy.write("\(number)\ta\n")
                    // Where libpq speaks COPY it refuses by itself.
                    let refusal = way.transport == .libpq ? PgcopyError.Code.libpq : .misuse
                    thrown(refusal) { try session.run("SELECT 1") }
                    thrown(refusal) { try session.query("SELECT 1") }
                    thrown(refusal) { try session.transaction { _ in } }
                    thrown(.misuse) { try session.pipeline { _ in } }
                    thrown(other == .libpq ? refusal : .misuse) { try session.copyIn(sql, transport: other) { _ in } }
                    thrown(other == .libpq ? refusal : .misuse) {
                        try session.copyOut("COPY t TO STDOUT", transport: other) { _ in }
                    }
                }
                #expect(session.transactionStatus == .active)
                try copy.finish()
            }
            #expect(result.rowCount == 3)
            #expect(try tableText(session) == "1\ta\n2\ta\n3\ta\n")
        }
    }

    // MARK: Leaving

    @Test(arguments: CopyWay.all, [0, 1, 100_000]) func `an error of the block fails the copy`(way: CopyWay, rows: Int)
        throws
    {
        let session = try session(way)
        for status in [TransactionStatus.idle, .inTransaction] {
            if status == .inTransaction { try session.run("BEGIN") }
            var kept: CopyIn?
            #expect(throws: Trouble("mine")) {
                try session.copyIn(sql, transport: way.transport) { copy throws in
                    kept = copy
                    for number in 0..<rows { try copy.write(values: ["\(number)", "a row of some length"]) }
                    throw Trouble("mine")
                }
            }
            #expect(kept?.rowCount == nil)
            #expect(throws: PgcopyError.copyIsOver) { try kept?.write("1\t\n") }
            #expect(throws: PgcopyError.copyIsOver) { try kept?.finish() }
            #expect(session.transactionStatus == (status == .idle ? .idle : .inError))
            if status == .inTransaction { try session.run("ROLLBACK") }
            #expect(try session.value("SELECT count(*) FROM t") == "0")
        }
    }

    @Test(arguments: CopyWay.all) func `a forgotten finish is never a commit`(way: CopyWay) throws {
        let session = try session(way)
        #expect(throws: PgcopyError.copyNotFinished) {
            try session.copyIn(sql, transport: way.transport) { try $0.write("1\ta\n") }
        }
        #expect(session.transactionStatus == .idle)
        #expect(try session.value("SELECT count(*) FROM t") == "0")
    }

    @Test(arguments: TransportChoice.allCases) func `given up on purpose, the server is told why`(
        transport: TransportChoice
    ) throws {
        let cluster = try Servers.source
        let session = try session(CopyWay(transport: transport, tls: false))
        let reason = "changed my mind about \(transport) \(session.connection.backendPID)"
        let result = try session.copyIn(sql, transport: transport) { copy throws in
            try copy.write("1\ta\n")
            try copy.abort(reason)
            #expect(throws: PgcopyError.copyIsOver) { try copy.finish() }
        }
        #expect(result.commandTag == nil && session.transactionStatus == .idle)
        #expect(try session.value("SELECT count(*) FROM t") == "0")
        // As bytes: what other tests have made it log is in any encoding.
        let told =
            "position('COPY from stdin failed: \(reason)'::bytea IN pg_read_binary_file('\(cluster.logFile)')) > 0"
        #expect(try session.value("SELECT \(told)") == "t")
    }

    @Test(arguments: CopyWay.all) func `however long the block's error is, the session stays`(way: CopyWay) throws {
        let session = try session(way)
        let long = Trouble(String(repeating: "é\u{0}", count: 10_000))
        #expect(throws: long) { try session.copyIn(sql, transport: way.transport) { _ in throw long } }
        #expect(session.transactionStatus == .idle)
        try session.expectUsable()
    }

    @Test(arguments: CopyWay.all) func `calls after the end are errors`(way: CopyWay) throws {
        let session = try session(way)
        let result = try session.copyIn(sql, transport: way.transport) { copy throws in
            try copy.finish()
            #expect(throws: PgcopyError.copyIsOver) { try copy.finish() }
            #expect(throws: PgcopyError.copyIsOver) { try copy.write("1\ta\n") }
            #expect(throws: PgcopyError.copyIsOver) { try copy.write(values: ["1", "a"]) }
            #expect(throws: PgcopyError.copyIsOver) { try copy.abort("late") }
        }
        #expect(result.rowCount == 0)
        try session.expectUsable()
    }

    @Test(arguments: CopyWay.all) func `an error after finish does not undo what the server confirmed`(way: CopyWay)
        throws
    {
        let session = try session(way)
        #expect(throws: Trouble("late")) {
            try session.copyIn(sql, transport: way.transport) { copy throws in
                try copy.write("1\ta\n")
                try copy.finish()
                throw Trouble("late")
            }
        }
        #expect(try session.value("SELECT count(*) FROM t") == "1")
    }
}
