// Which columns are copied and in which words: pure, then understood by a server.

import ErrorKit
import TestKit
import Testing

@testable import CopyCore

@Suite struct `Plans` {
    private func table(_ columns: [String], generated: Set<String> = [], kind: Character = "r") -> TableShape {
        TableShape(
            name: SQLName(["public", "t"]), kind: kind,
            oid: "3",
            columns: columns.map { TableShape.Column(name: $0, type: 25, isGenerated: generated.contains($0)) })
    }

    @Test func `the source's columns are all but the generated ones, or those wanted in that order`() throws {
        let table = table(["a", "b", "c"], generated: ["b"])
        #expect(try ColumnPlan.source(table, wanted: nil) == ["a", "c"])
        #expect(try ColumnPlan.source(table, wanted: ["c", "b"]) == ["c", "b"])
        thrown(.refused) { try ColumnPlan.source(table, wanted: ["A"]) }
        thrown(.refused) { try ColumnPlan.source(table, wanted: ["a", "a"]) }
    }

    @Test func `the destination's columns are the source's, found by name`() throws {
        let table = table(["c", "a", "d"], generated: ["d"])
        #expect(try ColumnPlan.destination(table, from: ["a", "c"], wanted: nil) == ["a", "c"])
        #expect(try ColumnPlan.destination(table, from: nil, wanted: nil) == nil)
        #expect(try ColumnPlan.destination(table, from: nil, wanted: ["c"]) == ["c"])
        let missing = thrown(.refused) {
            try ColumnPlan.destination(table, from: ["a", "x"], wanted: nil)
        }
        #expect(missing?.description.contains(#"no column "x"; it has "c", "a", "d""#) == true)
        thrown(.refused) { try ColumnPlan.destination(table, from: ["a", "d"], wanted: nil) }
        thrown(.refused) { try ColumnPlan.destination(table, from: [], wanted: nil) }
    }

    @Test func `statements name the table and its columns in quotes`() {
        let options = CopyOptions()
        let plain = table(["a", "B c"])
        #expect(
            CopyStatement.out(plain, columns: ["a", "B c"], condition: nil, pinsNames: false, options: options)
                == #"COPY "public"."t" ("a", "B c") TO STDOUT WITH (FORMAT text)"#)
        #expect(
            CopyStatement.in(plain, columns: nil, options: options)
                == #"COPY "public"."t" FROM STDIN WITH (FORMAT text)"#)
        #expect(
            CopyStatement.out(plain, columns: ["a"], condition: "a > 1 -- all", pinsNames: false, options: options)
                == "COPY (SELECT \"a\" FROM ONLY \"public\".\"t\" WHERE (\na > 1 -- all\n)) TO STDOUT WITH (FORMAT text)"
        )
        #expect(
            CopyStatement.out(
                table(["a"], kind: "v"), columns: ["a"], condition: nil, pinsNames: false, options: options)
                == #"COPY (SELECT "a" FROM "public"."t") TO STDOUT WITH (FORMAT text)"#)
        #expect(CopyStatement.trimmed("SELECT 1 ;;\n ; ") == "SELECT 1" && CopyStatement.trimmed(";") == "")
        #expect(CopyStatement.trimmed("SELECT 1; SELECT 2") == "SELECT 1; SELECT 2")
    }

    @Test(arguments: CopyFormat.allCases)
    func `a query is copied whatever it ends with`(format: CopyFormat) throws {
        let stage = try Stage(rows: 1)
        for query in [
            "SELECT 1", "SELECT 1 -- one;", "SELECT 1 /* one */;", "VALUES (1)\n;\n", "WITH x AS (SELECT 1) TABLE x",
            "SELECT 1; -- one", "-- one\nSELECT 1;\n", "SELECT ';'; -- a ; b",
        ] {
            let sql = CopyStatement.out(
                query: CopyStatement.trimmed(query), pinsNames: false, options: CopyOptions(format: format))
            let producer = StatementProducer(try stage.session(), sql)
            #expect(try transfer(producer, NullReceiver()).messages == format.messages(1), "\(query)")
        }
    }
}
