// Databases of encoding SQL_ASCII, whose tables and columns have names that are no UTF-8.

import TestKit
import Testing

@Suite struct RawNameTests {
    /// A name that holds the byte E9, as SQL that makes it where no encoding is known.
    private func name(_ hex: String) -> String { "convert_from('\\x\(hex)', 'SQL_ASCII')" }

    /// `caf\xE9` is the table's name; its columns are `\xE9`, `\xE8` and the two bytes of é, in this or another order.
    private func place(_ cluster: Cluster, _ columns: [String], fill: Bool = false) throws -> Place {
        let place = try Place(cluster, encoding: "SQL_ASCII")
        try place.sql(execute("CREATE TABLE %I (%I text, %I text, %I text)", ["636166e9"] + columns))
        if fill {
            try place.sql(
                execute("INSERT INTO %I (%I, %I, %I) VALUES ('nine', 'eight', 'two')", ["636166e9"] + columns))
        }
        return place
    }

    private func execute(_ format: String, _ names: [String]) -> String {
        "DO $$ BEGIN EXECUTE format(\(sqlLiteral(format)), \(names.map(name).joined(separator: ", "))); END $$"
    }

    private func value(_ place: Place, _ column: String) throws -> String {
        try place.sql(
            "CREATE FUNCTION pg_temp.v() RETURNS text LANGUAGE plpgsql AS $$ DECLARE r text; BEGIN "
                + "EXECUTE format('SELECT %I FROM %I', \(name(column)), \(name("636166e9"))) INTO r; RETURN r; END $$; "
                + "SELECT pg_temp.v()")
    }

    private func endpoint(_ place: Place, _ table: [UInt8]) -> [UInt8] { Array(place.conninfo.utf8) + [0x23] + table }

    private func run(_ options: [String], _ endpoints: [[UInt8]]) throws -> ProgramResult {
        try endpoints.reduce(program(options)) { $0.adding(rawArgument: $1) }.run()
    }

    private let table: [UInt8] = [0x22, 0x63, 0x61, 0x66, 0xE9, 0x22]

    @Test(arguments: ["text", "csv", "binary", "auto"])
    func `names that are no UTF-8 are found and matched exactly`(format: String) throws {
        let source = try place(Servers.source, ["e9", "e8", "c3a9"], fill: true)
        let destination = try place(Servers.first, ["c3a9", "e9", "e8"])
        let result = try run(["-v", "--format", format], [endpoint(source, table), endpoint(destination, table)])
        #expect(result.code == 0, "\(result)")
        #expect(try value(destination, "e9") == "nine" && value(destination, "e8") == "eight")
        #expect(try value(destination, "c3a9") == "two")
        #expect(result.errors.contains(#""caf\xE9""#) && !result.errors.contains("\u{FFFD}"), "\(result)")
        // Not in quotes, and by the source's name alone.
        try destination.sql(execute("TRUNCATE %I", ["636166e9"]))
        let bare = try run(["-q"], [endpoint(source, [0x63, 0x61, 0x66, 0xE9]), Array(destination.conninfo.utf8)])
        #expect(bare.code == 0 && bare.errors.isEmpty, "\(bare)")
        #expect(try value(destination, "e8") == "eight")
    }

    @Test func `options name them, too`() throws {
        let source = try place(Servers.source, ["e9", "e8", "c3a9"], fill: true)
        let destination = try place(Servers.first, ["c3a9", "e8", "e9"])
        let cafe: [UInt8] = [0x63, 0x61, 0x66, 0xE9]
        let columns = Array("--columns=\"".utf8) + [0xE9] + Array("\",".utf8) + [0xE8]
        let result = try run(
            [],
            [
                Array("-t".utf8) + cafe, Array("--into=".utf8) + table, columns, Array(source.conninfo.utf8),
                Array(destination.conninfo.utf8),
            ])
        #expect(result.code == 0, "\(result)")
        #expect(try value(destination, "e9") == "nine" && value(destination, "e8") == "eight")
        #expect(try value(destination, "c3a9") == "")
        let missing = try run(
            [], [Array("-t".utf8) + cafe + [0xE8], Array(source.conninfo.utf8), Array(destination.conninfo.utf8)])
        #expect(missing.code == 1 && missing.errors.contains(#"caf\xE9\xE8"#), "\(missing)")
        let wrong = try run([], [Array("-t".utf8) + cafe + [0x22], Array(source.conninfo.utf8), Array("null:".utf8)])
        #expect(wrong.code == 2 && wrong.errors.contains("is not a pattern"), "\(wrong)")
    }

    @Test func `a query's column is found by its bytes`() throws {
        let source = try place(Servers.source, ["e9", "e8", "c3a9"], fill: true)
        let destination = try place(Servers.first, ["e9", "e8", "c3a9"])
        let query = "SELECT * FROM (SELECT 'query') q"
        let named = try run(["--query", query], [Array(source.conninfo.utf8), endpoint(destination, table)])
        #expect(named.code == 1 && named.errors.contains("has no column"), "\(named)")
        try source.sql(execute("CREATE VIEW v AS SELECT %I FROM %I", ["e8", "636166e9"]))
        let result = try run(
            ["--query", "SELECT * FROM v"], [Array(source.conninfo.utf8), endpoint(destination, table)])
        #expect(result.code == 0, "\(result)")
        #expect(try value(destination, "e8") == "eight" && value(destination, "e9") == "")
    }

    @Test func `where the other side cannot have such a name, it is said before anything is copied`() throws {
        let source = try place(Servers.source, ["e9", "e8", "c3a9"], fill: true)
        let utf8 = try Place(Servers.first, "CREATE TABLE t (\"\u{FFFD}\" text, é text)")
        let result = try run([], [endpoint(source, table), Array(utf8.at().utf8)])
        #expect(result.code == 1, "\(result)")
        #expect(result.errors.contains(#"has no column "\xE9""#), "\(result)")
        #expect(try utf8.count() == 0)
        // A column that is asked for can be copied.
        let one = try run(["--columns", "é"], [endpoint(source, table), Array(utf8.at().utf8)])
        #expect(one.code == 0, "\(one)")
        #expect(try utf8.sql("SELECT é FROM t") == "two")
        let missing = try run([], [Array("null:".utf8), endpoint(utf8, table)])
        #expect(missing.code == 1 && missing.errors.contains("invalid byte sequence"), "\(missing)")
    }

    @Test func `JSON stays JSON`() throws {
        let source = try place(Servers.source, ["e9", "e8", "c3a9"], fill: true)
        let result = try run(["--progress=json", "-v"], [endpoint(source, table), Array("null:".utf8)])
        #expect(result.code == 0 && result.errors.contains(#"caf\\xE9"#), "\(result)")
    }

    @Test func `a connection and an option that are no UTF-8 are refused`() throws {
        let source = try place(Servers.source, ["e9", "e8", "c3a9"])
        for arguments in [[[0x64, 0xE9]], [[0x64, 0xE9, 0x23, 0x74]], [Array("password=".utf8) + [0xE9]]] as [[[UInt8]]]
        {
            let result = try run([], arguments + [Array("null:".utf8)])
            #expect(result.code == 2 && result.errors.contains("is not valid UTF-8"), "\(result)")
        }
        let option = try program(["--where"]).adding(rawArgument: [0x74, 0xE9]).adding(
            rawArgument: Array(source.conninfo.utf8)
        ).adding(rawArgument: Array("null:".utf8)).run()
        #expect(option.code == 2 && option.errors.contains("is not valid UTF-8"), "\(option)")
    }

    @Test func `a payload that is no UTF-8 is printed and given to a command as it came`() throws {
        let place = try Place(Servers.source, encoding: "SQL_ASCII")
        let directory = try TemporaryDirectory()
        let payload: [UInt8] = [0x61, 0xE9, 0x62]
        for format in ["text", "json"] {
            let command = "cat > \(format).in; printf %s \"$PGCOPY_PAYLOAD\" > \(format).env"
            let running = try Program.listening(
                "-c", "raw", "--count=1", "--format", format, "--exec", command, place.conninfo
            ) { $0.directory = directory.path }
            try place.sql("SELECT pg_notify('raw', convert_from('\\x61e962', 'SQL_ASCII'))")
            let result = try running.wait().expecting(0)
            for end in ["in", "env"] { #expect(try readFile(directory.file("\(format).\(end)")) == payload) }
            if format == "text" {
                let fields = result.standardOutput.split(separator: UInt8(ascii: "\t"))
                #expect(fields.count == 4 && Array(fields[2]) == payload)
            } else {
                #expect(result.output.contains(#""payload":"a\\xE9b""#), "\(result)")
            }
        }
    }
}
