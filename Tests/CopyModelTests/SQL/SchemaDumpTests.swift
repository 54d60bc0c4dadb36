// What pg_dump writes, cut into objects.

import CopyModel
import Testing

@Suite struct `A schema as pg_dump writes it` {
    private func text(_ statements: [[UInt8]]) -> [String] { statements.map { String(decoding: $0, as: UTF8.self) } }

    private static let head = """
        --
        -- PostgreSQL database dump
        --

        \\restrict Abc123

        -- Dumped from database version 15.18
        -- Started on 2026-11-28 11:20:50 UTC

        SET statement_timeout = 0;
        SET client_encoding = 'LATIN1';
        SELECT pg_catalog.set_config('search_path', '', false);
        SET transaction_timeout = 0;

        """
    private static let tail = """

        -- Completed on 2026-11-28 11:20:51 UTC

        --
        -- PostgreSQL database dump complete
        --

        \\unrestrict Abc123

        """

    private static func heading(_ number: Int, _ catalog: Int, _ oid: Int, _ rest: String...) -> String {
        (["\n--", "-- TOC entry \(number) (class \(catalog) OID \(oid))"] + rest.map { "-- \($0)" } + ["--\n\n"])
            .joined(separator: "\n")
    }

    private static func table(_ name: String, _ number: Int, _ columns: String) -> String {
        heading(number, 1259, 16_000 + number, "Name: \(name); Type: TABLE; Schema: app; Owner: -")
            + "CREATE TABLE app.\(name) (\(columns));\n\n"
    }

    @Test func `is its objects, before the rows and behind them`() {
        let dump = SchemaDump(
            Array(
                (Self.head + Self.heading(6, 2615, 16_384, "Name: app; Type: SCHEMA; Schema: -; Owner: -")
                    + "CREATE SCHEMA app;\n\n\nSET default_tablespace = '';\n\nSET default_table_access_method = heap;\n"
                    + Self.table("a", 217, "id int")
                    + Self.heading(
                        3424, 0, 0, "Dependencies: 217 6", "Name: TABLE a; Type: COMMENT; Schema: app; Owner: -")
                    + "COMMENT ON TABLE app.a IS 'x';\n"
                    + Self.heading(3246, 2606, 16_406, "Name: a a_pkey; Type: CONSTRAINT; Schema: app; Owner: -")
                    + "ALTER TABLE ONLY app.a\n    ADD CONSTRAINT a_pkey PRIMARY KEY (id);\n\nALTER TABLE app.a CLUSTER ON a_pkey;\n"
                    + Self.heading(
                        3430, 0, 0, "Dependencies: 3246", "Name: INDEX a_pkey; Type: COMMENT; Schema: app; Owner: -")
                    + "COMMENT ON INDEX app.a_pkey IS 'pk';\n" + Self.tail).utf8))
        #expect(dump.entries.map(\.number) == [6, 217, 3424, 3246, 3430])
        #expect(dump.isWhole)
        #expect(dump.entries[1].object == .init(catalog: 1259, oid: 16_217))
        #expect(dump.entries[2].dependencies == [217, 6] && dump.entries[2].object.catalog == 0)
        #expect(dump.firstAfterRows == 3)
        #expect(text(dump.entries[0].statements) == ["CREATE SCHEMA app"])
        // It is said of the tables behind it.
        #expect(dump.entries.map(\.accessMethod) == [nil, "heap", "heap", "heap", "heap"])
        #expect(text(dump.entries[1].statements) == ["CREATE TABLE app.a (id int)"])
        #expect(dump.entries[3].statements.count == 2)
        #expect(text(dump.entries[4].statements) == ["COMMENT ON INDEX app.a_pkey IS 'pk'"])
    }

    /// Whoever may write a comment must not write what others run.
    @Test(
        arguments: [
            "COMMENT ON TABLE app.a IS '\nHERE\n'",
            "CREATE FUNCTION app.f() RETURNS int AS $_$\nHERE\n$_$ LANGUAGE sql",
            "CREATE TABLE app.\"x\nHERE\n\" ()", "CREATE VIEW app.v AS SELECT '\nHERE\n'::text",
            "CREATE FUNCTION app.g() RETURNS int LANGUAGE sql BEGIN ATOMIC\n SELECT '\nHERE\n'; SELECT 1;\nEND",
            "COMMENT ON TABLE app.a IS E'\\\\'\nHERE\n'",
        ])
    func `takes no heading from a string or a name`(statement: String) {
        let forged = "--\n-- TOC entry 9 (class 1259 OID 1)\n-- Name: b; Type: TABLE; Schema: app; Owner: -\n--\n\n"
        let statement = statement.replacing("E'\\\\'\nHERE\n'", with: "E'\\\\\\'\nHERE\n'")
        let written = statement.replacing("HERE", with: forged + "DROP TABLE t;\n\\! id\nSET x = 1;")
        let dump = SchemaDump(
            Array(
                (Self.head + Self.table("a", 217, "id int")
                    + Self.heading(
                        5, 0, 0, "Dependencies: 217", "Name: x; Type: COMMENT; Schema: app; Owner: -") + written + ";\n"
                    + Self.table("c", 219, "id int") + Self.tail).utf8))
        #expect(dump.entries.map(\.number) == [217, 5, 219])
        #expect(text(dump.entries[1].statements) == [written])
        #expect(dump.firstAfterRows == 3)
    }

    @Test func `tells what comes behind the rows by what it runs, whatever names say`() {
        func isAfterRows(_ catalog: Int, _ statement: String, _ dependencies: String...) -> Bool {
            let rest = dependencies + ["Name: x; Type: INDEX; Schema: y; Type: TABLE; Schema: CONSTRAINT; Owner: -"]
            let heading = (["\n--", "-- TOC entry 7 (class \(catalog) OID 8)"] + rest.map { "-- \($0)" } + ["--\n\n"])
                .joined(separator: "\n")
            let dump = SchemaDump(Array((heading + statement + ";").utf8))
            return dump.entries.count == 1 && dump.firstAfterRows == 0
        }
        #expect(!isAfterRows(1259, "CREATE TABLE \"CREATE INDEX \" ()"))
        #expect(
            isAfterRows(1259, "CREATE UNIQUE INDEX x ON y (z)")
                && isAfterRows(2606, "ALTER TABLE ONLY a ADD CONSTRAINT"))
        #expect(!isAfterRows(0, "ALTER TABLE ONLY app.p ATTACH PARTITION app.p1 DEFAULT"))
        #expect(isAfterRows(0, "ALTER INDEX app.p_pkey ATTACH PARTITION app.p1_pkey"))
        #expect(isAfterRows(0, "ALTER TABLE app.b ENABLE ROW LEVEL SECURITY", "Dependencies: 219"))
        #expect(!isAfterRows(2604, "ALTER TABLE ONLY a ALTER COLUMN id SET DEFAULT 1"))
        #expect(SchemaDump([]).entries.isEmpty && !SchemaDump([]).isWhole)
        #expect(SchemaDump(Array((Self.head + Self.tail).utf8)).entries.isEmpty)
    }
}
