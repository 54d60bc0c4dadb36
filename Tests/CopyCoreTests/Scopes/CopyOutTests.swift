// COPY TO STDOUT in a scope, by every way.

import CopyCore
import ErrorKit
import TestKit
import Testing

struct CopyOutTests {
    private let many = "COPY (SELECT i, repeat('x', 50) FROM generate_series(1, 1000000) i) TO STDOUT"

    // MARK: Reading

    @Test(arguments: CopyWay.all) func `rows come one by one, then nil for ever`(way: CopyWay) throws {
        let session = try way.session()
        try session.run("BEGIN")
        var kept: CopyOut?
        let result = try session.copyOut(
            "COPY (SELECT * FROM generate_series(1, 3)) TO STDOUT", transport: way.transport
        ) { rows throws in
            kept = rows
            #expect(session.transactionStatus == .active && !rows.isBinary)
            #expect(rows.rowCount == nil)
            #expect(try rows.nextRow() == Array("1\n".utf8))
            #expect(try rows.nextValues() == ["2"])
            #expect(session.transactionStatus == .active)
            #expect(try rows.nextRow() == Array("3\n".utf8))
            for _ in 0..<3 { #expect(try rows.nextRow() == nil) }
            #expect(rows.commandTag == "COPY 3")
            return "value"
        }
        #expect(result.value == "value" && result.commandTag == "COPY 3" && result.rowCount == 3)
        #expect(session.transactionStatus == .inTransaction)
        #expect(try kept?.nextRow() == nil)
        #expect(kept?.rowCount == 3)
    }

    @Test(arguments: CopyWay.all) func `binary messages are header and row, row, trailer`(way: CopyWay) throws {
        let session = try way.session()
        let sql = "COPY (SELECT i::int2, NULL::text FROM generate_series(1, 2) i) TO STDOUT (FORMAT binary)"
        func row(_ number: UInt8) -> [UInt8] { [0, 2, 0, 0, 0, 2, 0, number, 0xFF, 0xFF, 0xFF, 0xFF] }
        let result = try session.copyOut(sql, transport: way.transport) { rows throws in
            #expect(rows.isBinary)
            #expect(try rows.nextRow() == BinaryRow.header + row(1))
            #expect(try rows.nextRow() == row(2))
            #expect(try rows.nextRow() == BinaryRow.trailer)
            #expect(try rows.nextRow() == nil)
        }
        #expect(result.rowCount == 2)
        try session.copyOut(sql, transport: way.transport) { rows throws in
            #expect(try rows.nextFields() == [[0, 1], nil])
            #expect(try rows.nextFields() == [[0, 2], nil])
            for _ in 0..<2 { #expect(try rows.nextFields() == nil) }
            #expect(throws: PgcopyError.wrongFormat) { try rows.nextValues() }
        }
    }

    @Test(arguments: CopyWay.all, ["", " (FORMAT csv)", " (FORMAT binary)"])
    func `chunks and rows are the same bytes`(way: CopyWay, options: String) throws {
        let session = try way.session()
        let select =
            "SELECT i, CASE WHEN i % 7 = 0 THEN NULL ELSE repeat(E'a\\n\"', i % 50) END FROM generate_series(1, 5000) i"
        let sql = "COPY (\(select)) TO STDOUT\(options)"
        var chunks: [UInt8] = []
        var bytes: [UInt8] = []
        var count = 0
        let layout: RowLayout = options.contains("csv") ? .csv : .text
        let first = try session.copyOut(sql, layout: layout, transport: way.transport) { rows throws in
            while let chunk = try rows.nextChunk() { chunks += chunk }
        }
        let second = try session.copyOut(sql, layout: layout, transport: way.transport) { rows throws in
            while let row = try rows.nextRow() {
                bytes += row
                count += 1
            }
        }
        #expect(first.rowCount == 5000 && second.rowCount == 5000)
        #expect(chunks == bytes)
        #expect(count == (options.contains("binary") ? 5001 : 5000))
    }

    @Test(arguments: CopyWay.all)
    func `values, a callable and a manager's loop give the rows that chunks give`(way: CopyWay) throws {
        let session = try way.session()
        let sql = "COPY (SELECT i, NULLIF('row ' || i, 'row 7'), E'a\\tb' FROM generate_series(1, 200) i) TO STDOUT"
        let wanted = (1...200).map { [String?](["\($0)", $0 == 7 ? nil : "row \($0)", "a\tb"]) }
        #expect(try copyOutText(session, sql, way.transport).utf8.elementsEqual(wanted.flatMap { TextRow.encode($0) }))
        var values: [[String?]] = []
        try session.copyOut(sql, transport: way.transport) { rows throws in
            while let row = try rows.nextValues() { values.append(row) }
        }
        #expect(values == wanted)
        for isLoop in [false, true] {
            var called: [[UInt8]] = []
            let producer = StatementProducer(session, sql, transport: way.transport)
            let manager = CopyManager(producer, [CallReceiver { called += $0 }])
            if isLoop {
                try manager.withCopy { copy in while try copy.next() != nil {} }
            } else {
                try manager.run()
            }
            #expect(try called.map { try TextRow.decode($0) } == wanted)
        }
    }

    @Test(arguments: CopyWay.all) func `rows far larger than what is read at once are whole`(way: CopyWay) throws {
        let session = try way.session()
        let sql = "COPY (SELECT repeat(chr(64 + i), 3000000 + i) FROM generate_series(1, 3) i) TO STDOUT"
        try session.copyOut(sql, transport: way.transport) { rows throws in
            for number in 1...3 {
                let row = try #require(try rows.nextRow())
                #expect(row.count == 3_000_001 + number)
                #expect(row.dropLast().allSatisfy { $0 == UInt8(64 + number) })
            }
            #expect(try rows.nextRow() == nil)
        }
    }

    @Test(arguments: CopyWay.all) func `no rows are no rows`(way: CopyWay) throws {
        let session = try way.session()
        for reads in [0, 2] {
            let result = try session.copyOut("COPY (SELECT 1 LIMIT 0) TO STDOUT", transport: way.transport) {
                rows throws in
                for _ in 0..<reads { #expect(try rows.nextRow() == nil) }
            }
            #expect(result.rowCount == (reads == 0 ? nil : 0))
            try session.expectUsable()
        }
    }

    @Test(arguments: CopyWay.all) func `every character comes back as it was`(way: CopyWay) throws {
        let session = try way.session()
        try session.run("SET client_encoding TO utf8; CREATE TEMP TABLE t (i int, s text)")
        let characters = (1...255).map { String(Unicode.Scalar(UInt8($0))) } + ["€"]
        try session.copyIn("COPY t FROM STDIN", transport: way.transport) { copy throws in
            for (index, text) in characters.enumerated() { try copy.write(values: ["\(index + 1)", text]) }
            try copy.finish()
        }
        func expectStored() throws {
            #expect(try session.value("SELECT count(*) FROM t WHERE i < 256 AND s = chr(i)") == "255")
            #expect(try session.value("SELECT s FROM t WHERE i = 256") == "€")
        }
        try expectStored()
        try session.run("TRUNCATE t")
        try session.copyIn("COPY t FROM STDIN (FORMAT binary)", transport: way.transport) { copy throws in
            for (index, text) in characters.enumerated() {
                let number = UInt16(index + 1)
                try copy.write(fields: [[0, 0, UInt8(number >> 8), UInt8(number & 0xFF)], Array(text.utf8)])
            }
            try copy.finish()
        }
        try expectStored()
        try session.copyOut("COPY (SELECT s FROM t ORDER BY i) TO STDOUT", transport: way.transport) { rows throws in
            for text in characters { #expect(try rows.nextValues() == [text]) }
        }
        try session.copyOut("COPY (SELECT s FROM t ORDER BY i) TO STDOUT (FORMAT binary)", transport: way.transport) {
            rows throws in
            for text in characters { #expect(try rows.nextFields() == [Array(text.utf8)]) }
        }
    }

    // MARK: Errors of the server

    @Test(arguments: CopyWay.all) func `an error in row 11 comes after ten rows`(way: CopyWay) throws {
        let session = try way.session()
        for swallowed in [false, true] {
            try session.run("BEGIN")
            var count = 0
            var kept: CopyOut?
            let code = failureCode {
                try session.copyOut(
                    "COPY (SELECT 1 / (11 - i) FROM generate_series(1, 20) i) TO STDOUT", transport: way.transport
                ) { rows throws in
                    kept = rows
                    do {
                        while try rows.nextRow() != nil { count += 1 }
                    } catch  where swallowed {
                        #expect(failureCode { _ = try rows.nextRow() } == "22012", "the same error again")
                    }
                }
            }
            #expect(code == "22012")
            #expect(count == 10)
            #expect(kept?.rowCount == nil && kept?.commandTag == nil)
            #expect(session.transactionStatus == .inError)
            try session.run("ROLLBACK")
            try session.expectUsable()
        }
    }

    @Test(arguments: CopyWay.all) func `an error after many rows is the server's`(way: CopyWay) throws {
        let session = try way.session()
        let code = failureCode {
            try session.copyOut(
                "COPY (SELECT repeat('x', 1000) || 1 / (5000 - i) FROM generate_series(1, 9000) i) TO STDOUT",
                transport: way.transport
            ) { rows throws in
                while try rows.nextRow() != nil {}
            }
        }
        #expect(code == "22012" && session.transactionStatus == .idle)
        try session.expectUsable()
    }

    @Test(arguments: CopyWay.all) func `a statement the server refuses leaves the session usable`(way: CopyWay) throws {
        let session = try way.session()
        for (sql, expected) in [
            ("COPY nothing TO STDOUT", "42P01"), ("COPY (SELECT) x TO STDOUT", "42601"),
            ("COPY (SELECT 1; SELECT 2) TO STDOUT", "42601"),
        ] {
            #expect(failureCode { try session.copyOut(sql, transport: way.transport) { _ in } } == expected)
            #expect(session.transactionStatus == .idle)
            try session.expectUsable()
        }
    }

    // MARK: Misuse

    @Test(arguments: CopyWay.all, TransportChoice.allCases)
    func `while a copy goes on, nothing else does, and the copy is none the worse`(way: CopyWay, other: TransportChoice)
        throws
    {
        let session = try way.session()
        let result = try session.copyOut("COPY (SELECT generate_series(1, 100000)) TO STDOUT", transport: way.transport)
        { rows throws in
            var sum = 0
            for _ in 0..<10 { sum += try Int(rows.nextValues()?.first.flatMap { $0 } ?? "") ?? 0 }
            // Where libpq speaks COPY it refuses by itself.
            let refusal = way.transport == .libpq ? PgcopyError.Code.libpq : .misuse
            thrown(refusal) { try session.run("SELECT 1") }
            thrown(refusal) { try session.query("SELECT 1") }
            thrown(refusal) { try session.columns(of: "SELECT 1") }
            thrown(refusal) { try session.transaction { _ in } }
            let other = (transport: other, refusal: other == .libpq ? refusal : .misuse)
            thrown(other.refusal) {
                try session.copyOut("COPY (SELECT 1) TO STDOUT", transport: other.transport) { _ in }
            }
            thrown(other.refusal) {
                try session.copyIn("COPY pg_class FROM STDIN", transport: other.transport) { _ in }
            }
            #expect(session.transactionStatus == .active)
            while let row = try rows.nextValues() { sum += Int(row[0] ?? "") ?? 0 }
            return sum
        }
        #expect(result.value == 5_000_050_000 && result.rowCount == 100_000)
        try session.expectUsable()
    }

    @Test(arguments: CopyWay.all) func `a session closed inside of its copy is an error, not a crash`(way: CopyWay)
        throws
    {
        let session = try way.session()
        thrown(.connectionLost) {
            try session.copyOut(many, transport: way.transport) { rows throws in
                _ = try rows.nextRow()
                session.close()
                #expect(session.transactionStatus == .unknown)
                while try rows.nextRow() != nil {}
            }
        }
        #expect(session.transactionStatus == .unknown)
        let writer = try way.session()
        try writer.run("CREATE TEMP TABLE t (s text)")
        thrown(.connectionLost) {
            try writer.copyIn("COPY t FROM STDIN", transport: way.transport) { copy throws in
                try copy.write("a\n")
                writer.close()
                try copy.write("b\n")
            }
        }
        thrown(.connectionLost) { try writer.copyOut("COPY t TO STDOUT", transport: way.transport) { _ in } }
    }

    @Test func `rows and chunks do not mix`() throws {
        let session = try CopyWay.all[0].session()
        try session.copyOut("COPY (SELECT 1) TO STDOUT") { rows throws in
            _ = try rows.nextRow()
            #expect(throws: PgcopyError.mixedReading) { try rows.nextChunk() }
        }
    }
}
