// Which tables patterns stand for, beside what pg_dump makes of them.

import TestKit
import Testing

@testable import CopyCore

@Suite struct `A selection of tables` {
    private static let schema = #"""
        CREATE SCHEMA sales; CREATE SCHEMA "Sales"; CREATE SCHEMA s_1; CREATE SCHEMA empty; CREATE SCHEMA "odd.one";
        CREATE TABLE orders (i int); CREATE TABLE "Orders" (i int); CREATE TABLE orders_2020 (i int);
        CREATE TABLE "o*d" (i int); CREATE TABLE "a.b" (i int); CREATE TABLE "quo""te" (i int); CREATE TABLE t$1 (i int);
        CREATE TABLE sales.orders (i int); CREATE TABLE sales.lines (i int); CREATE TABLE "Sales".orders (i int);
        CREATE TABLE s_1.t1 (i int); CREATE TABLE s_1.t2 (i int); CREATE TABLE "odd.one".t1 (i int);
        CREATE TABLE logs (i int) PARTITION BY RANGE (i); CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (0) TO (5);
        CREATE TABLE logs_2 PARTITION OF logs DEFAULT PARTITION BY RANGE (i); CREATE TABLE logs_2a PARTITION OF logs_2 DEFAULT;
        CREATE TABLE s_1.logs_3 PARTITION OF logs FOR VALUES FROM (5) TO (9);
        CREATE TABLE child (j int) INHERITS (orders); CREATE UNLOGGED TABLE unlogged (i int);
        CREATE VIEW v_orders AS TABLE orders; CREATE MATERIALIZED VIEW m_orders AS TABLE orders; CREATE SEQUENCE seq;
        CREATE INDEX orders_index ON orders (i);
        CREATE TABLE extension_own (i int); ALTER EXTENSION plpgsql ADD TABLE extension_own
        """#

    private final class Catalogs {
        let database: Database
        let session: Session

        init() throws {
            let cluster = try Servers.source
            database = try Database(on: cluster)
            try cluster.psql(schema, database: database.name)
            session = try ScopeKit.session(cluster.tcpConninfo(database: database.name))
        }

        /// Schema and name of each, with a dot between them.
        func resolve(_ selection: TableSelection) throws -> [String] {
            let part = PipelinePart(session, timeout: nil, isVital: true)
            let result = part.ask(Catalog.selectionQuestion(selection))
            try PipelineRound.run([part])
            return try selection.resolve(Catalog.matches(try result.get())).map { $0.name.parts.joined(separator: "/") }
        }

        /// The tables that pg_dump would make; nil: it refuses.
        func dumped(_ arguments: [String]) throws -> [String]? {
            let cluster = try Servers.source
            let script = #"set -o pipefail; pg_dump "$@" | pg_restore -l"#
            let conninfo = cluster.conninfo(database: database.name)
            let result = try Program(
                "bash", ["-c", script, "bash", "-Fc", "-s", "--strict-names", "-d", conninfo] + arguments
            ).run()
            guard result.code == 0 else { return nil }
            return result.output.split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ")
                guard words.count == 7, words[1] == "1259", words[3] == "TABLE",
                    !TableSelection.isSystems(String(words[4]))
                else { return nil }
                return "\(words[4])/\(words[5])"
            }
        }

        /// Those whose rows a table's are.
        func leaves(_ table: String) throws -> [String] {
            let parts = table.split(separator: "/").map { quoteIdentifier(String($0)) }.joined(separator: ".")
            let result = try session.query(
                """
                SELECT n.nspname || '/' || c.relname FROM pg_class r LEFT JOIN LATERAL pg_partition_tree(r.oid) t ON true \
                JOIN pg_class c ON c.oid = COALESCE(t.relid, r.oid) JOIN pg_namespace n ON n.oid = c.relnamespace \
                WHERE r.oid = $1::regclass AND c.relkind = 'r'
                """, [parts])
            return (0..<result.rowCount).compactMap { result.value($0, 0) }
        }
    }

    private static let tables = [
        "orders", "Orders", #""Orders""#, "ord*", "o*", "*", "*.*", "sales.*", #""Sales".*"#, "s*.orders",
        "orders_????",
        #""o*d""#, #""a.b""#, #""quo""te""#, "t$1", "t?1", "t[0-9]", "s_1.t[12]", "logs", "logs*", "logs_1",
        "s_1.logs_3", "logs_2",
        "orders|child", "(child|unlogged)", "nothing", "no*thing", "s_?.*", #""odd.one".t1"#, "pg_catalog.pg_cl*",
        "lo?s",
    ]
    private static let schemas = [
        "sales", "s*", "S*", #""Sales""#, "public", "*", "s_1", #""odd.one""#, "empty", "none", "pg_*",
    ]

    @Test(arguments: Seeded.seeds(4))
    func `by patterns is pg_dump's, but that rows of partitions go through what they are partitions of`(seed: UInt64)
        throws
    {
        let catalogs = try Catalogs()
        var random = Seeded(seed)
        for _ in 0..<12 {
            func some(_ from: [String], _ counts: Range<Int>) -> [String] {
                (0..<random.next(in: counts)).map { _ in from[random.next(in: 0..<from.count)] }
            }
            let byTable = random.next(in: 0..<3) > 0
            let included = byTable ? some(Self.tables, 1..<4) : []
            let inSchemas = byTable ? [] : some(Self.schemas, 1..<3)
            let excluded = some(Self.tables, 0..<3)
            let outside = some(Self.schemas, 0..<2)
            let arguments =
                included.flatMap { ["-t", $0] } + excluded.flatMap { ["-T", $0] } + inSchemas.flatMap { ["-n", $0] }
                + outside.flatMap { ["-N", $0] }
            let comment: Comment = "\(arguments) \(random)"
            let selection = try TableSelection(
                tables: included, excluding: excluded, schemas: inSchemas, excludingSchemas: outside)
            let dumped = try catalogs.dumped(arguments)
            let own: [String]
            do {
                own = try catalogs.resolve(selection)
            } catch {
                // Nothing that could be copied matches one of them, or a partition is left out of what is named exactly.
                let alone = try (included.map { ["-t", $0] } + inSchemas.map { ["-n", $0] }).map(catalogs.dumped)
                let isEmpty = alone.contains { $0?.isEmpty ?? true }
                #expect(
                    isEmpty || dumped?.isEmpty ?? true || "\(error)".contains("partition that is left out"),
                    "\(error) \(comment)")
                continue
            }
            let expected = try #require(dumped, comment)
            // A partition that is left out takes none of the others with it.
            let kept = try Set(
                expected.flatMap { table in
                    let leaves = try catalogs.leaves(table)
                    let isWhole = own.contains(table)
                    return isWhole || leaves == [table] ? leaves : []
                })
            let covered = try own.flatMap(catalogs.leaves)
            #expect(Set(covered) == kept, comment)
            #expect(covered.count == Set(covered).count, "no row twice \(comment)")
            #expect(Set(own).isSubset(of: expected) && own == own.sorted(), comment)
        }
    }

    @Test func `takes views and what is an extension's by their names only`() throws {
        let catalogs = try Catalogs()
        func resolve(_ tables: String..., excluding: [String] = []) throws -> [String] {
            try catalogs.resolve(TableSelection(tables: tables, excluding: excluding))
        }
        #expect(
            try resolve("v_orders", "m_orders", "extension_own") == [
                "public/extension_own", "public/m_orders", "public/v_orders",
            ])
        for (patterns, words) in [
            (["v_ord*"], "no table matches"), (["extension_*"], "no table matches"), (["seq"], "is a sequence"),
            (["orders_index"], "is an index"), (["none"], #"there is no table "none""#), (["no*e"], "no table matches"),
            (["pg_catalog.pg_cl*"], "no table matches"),
        ] {
            #expect { try catalogs.resolve(TableSelection(tables: patterns)) } throws: { "\($0)".contains(words) }
        }
        // All that is wrong at once.
        #expect { try resolve("none", "child", "no*e") } throws: { "\($0)".split(separator: "\n").count == 2 }
        #expect { try resolve("child", excluding: ["*"]) } throws: { "\($0)" == "no table is left to copy" }
    }

    @Test func `of all takes neither the server's own nor an extension's`() throws {
        let catalogs = try Catalogs()
        let all = try catalogs.resolve(TableSelection(all: true))
        #expect(all.contains("Sales/orders") && all.contains("public/logs") && !all.contains("public/logs_1"))
        #expect(
            !all.contains {
                $0.hasPrefix("pg_") || $0.hasPrefix("information") || $0.contains("extension") || $0.contains("v_")
            })
        #expect(!all.contains("s_1/logs_3"))
        let outside = try catalogs.resolve(TableSelection(excludingSchemas: ["S*"], all: true))
        #expect(!outside.contains { $0.hasPrefix("s") } && outside.contains("Sales/orders"))
    }

    @Test func `of partitions without some of them copies the others by themselves, or is refused`() throws {
        let catalogs = try Catalogs()
        let others = try catalogs.resolve(TableSelection(tables: ["logs*", "s_1.logs_3"], excluding: ["logs_1"]))
        #expect(others == ["public/logs_2", "s_1/logs_3"])
        for tables in [["logs"], ["lo?s"], ["logs*"]] {
            #expect { try catalogs.resolve(TableSelection(tables: tables, excluding: ["logs_1"])) } throws: {
                "\($0)".contains(#""public"."logs" has a partition that is left out"#)
            }
        }
    }

    @Test func `names what is no pattern`() {
        for text in ["", "a.b.c", "\"a"] {
            #expect(throws: PgcopyError.self) { try TableSelection(tables: [text]) }
        }
        #expect(throws: PgcopyError.self) { try TableSelection(schemas: ["a.b"]) }
        #expect(throws: PgcopyError.self) { try TableSelection(excluding: ["a"]) }
    }
}
