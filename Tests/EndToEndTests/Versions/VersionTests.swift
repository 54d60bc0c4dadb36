// Copies between servers of different versions: every value arrives equal, or the run fails.

import TestKit
import Testing

@Suite("Between versions")
struct VersionTests {
    @Test func `there are servers of enough of them`() throws {
        #expect(try Set(Servers.versions()).isSuperset(of: [13, 14, 16, 17, 18]))
        #expect(VersionPair.all.count >= 20 && VersionPair.ofSamples.count >= 12)
        for version in try Servers.versions() {
            #expect(try Servers.version(version).psql("SHOW server_version_num").hasPrefix("\(version)"))
        }
    }

    private func copy(_ pair: VersionPair, _ table: String, _ format: String) throws -> ProgramResult {
        try transfer(
            "-v", "--truncate", "--format", format, "--into", "from\(pair.source).\(table)",
            VersionStage.of(pair.source).place.at("here.\(table)"), VersionStage.of(pair.destination).place.conninfo)
    }

    private func expectEqual(
        _ pair: VersionPair, _ table: String, _ result: ProgramResult, text: Bool = true, binary: Bool = true
    ) throws {
        let (source, destination) = (try VersionStage.of(pair.source), try VersionStage.of(pair.destination))
        #expect(result.code == 0, "\(result)")
        let arrived = "from\(pair.source).\(table)"
        if text { #expect(try destination.text([arrived])[0] == source.texts[table], "\(result)") }
        if binary { #expect(try destination.binary(arrived) == source.binary("here.\(table)"), "\(result)") }
    }

    @Test(arguments: VersionPair.ofSamples)
    func `values of every type arrive equal, whatever the format`(pair: VersionPair) throws {
        for format in ["auto", "text", "csv"] {
            let portable = try copy(pair, "portable", format)
            try expectEqual(pair, "portable", portable)
            #expect(portable.errors.contains("FORMAT \(format == "auto" ? "binary" : format)"), "\(portable)")
            let textual = try copy(pair, "textual", format)
            try expectEqual(pair, "textual", textual, binary: false)
            #expect(textual.errors.contains("FORMAT \(format == "auto" ? "text" : format)"), "\(textual)")
            try expectEqual(pair, "intervals", copy(pair, "intervals", format))
        }
    }

    @Test(arguments: VersionPair.ofSamples)
    func `values that only some versions know arrive equal there, and are refused by the others`(pair: VersionPair)
        throws
    {
        var refused: [String] = []
        for oddity in Oddity.all where !oddity.isByte {
            guard let era = oddity.era(pair.source) else { continue }
            let isPlain = oddity.type == "interval"
            let result = try copy(pair, oddity.table, "auto")
            if oddity.era(pair.destination) == era {
                try expectEqual(pair, oddity.table, result, binary: isPlain)
                // What these versions print of the least interval they do not read themselves.
                guard isPlain, oddity.table != "least" else { continue }
                try expectEqual(pair, oddity.table, copy(pair, oddity.table, "text"))
            } else {
                #expect(result.code == 1, "\(oddity.table): \(result)")
                refused.append(oddity.table)
                guard isPlain else { continue }
                let text = try copy(pair, oddity.table, "csv")
                #expect(text.code == 1, "\(oddity.table): \(text)")
                let binary = try copy(pair, oddity.table, "binary")
                #expect(binary.code == 2, "\(oddity.table): \(binary)")
                #expect(binary.errors.contains("--format=binary: column \"v\" is of interval"), "\(binary)")
            }
        }
        try expectEmpty(pair, refused)
    }

    @Test(
        arguments: VersionPair.ofSamples
    )
    func `a byte above 127 of the type "char" arrives in binary, and in text or not at all`(pair: VersionPair) throws {
        var refused: [String] = []
        for oddity in Oddity.all where oddity.isByte {
            try expectEqual(pair, oddity.table, copy(pair, oddity.table, "auto"), text: false)
            let table = "text_" + oddity.table
            for format in oddity.type == "\"char\"" ? ["auto", "csv"] : ["auto"] {
                let result = try copy(pair, table, format)
                if pair.source >= 15, pair.destination >= 15 {
                    try expectEqual(pair, table, result, binary: false)
                } else {
                    #expect(result.code == 1, "\(result)")
                    refused.append(table)
                }
            }
        }
        try expectEmpty(pair, refused)
    }

    private func expectEmpty(_ pair: VersionPair, _ tables: [String]) throws {
        guard !tables.isEmpty else { return }
        let counts = tables.map { "(SELECT count(*) FROM from\(pair.source).\($0))" }.joined(separator: " + ")
        #expect(try VersionStage.of(pair.destination).place.sql("SELECT \(counts)") == "0")
    }

    @Test(arguments: [16, 17, 18])
    func `a query's rows are watched, too, and a table's with a condition`(version: Int) throws {
        let newest = try Servers.version(18)
        let target = try Place(newest, "CREATE TABLE t (\"i i\" interval, m int)")
        let source = try VersionStage.of(version).place
        try source.sql(
            """
            CREATE TABLE IF NOT EXISTS moments (m int, "i i" interval); TRUNCATE moments;
            INSERT INTO moments SELECT g, make_interval(days => g) FROM generate_series(1, 3) g
            """)
        let query = ["--query", "SELECT \"i i\", m FROM moments ORDER BY m DESC -- all of them;", "--into", "t"]
        func run(_ arguments: [String]) throws -> ProgramResult {
            try transfer(["--truncate"] + arguments + [target.conninfo])
        }
        #expect(try run(query + [source.conninfo]).code == 0)
        #expect(try target.sql("SELECT string_agg(m || '=' || \"i i\", ' ') FROM t") == "3=3 days 2=2 days 1=1 day")
        guard version == 16 else { return }
        try source.sql("INSERT INTO moments SELECT 4, v FROM here.greatest_plain")
        let refused = try run(query + [source.conninfo])
        #expect(refused.code == 1, "\(refused)")
        #expect(refused.errors.contains("column \"i i\" holds a value"), "\(refused)")
        let table = ["--into", "t", source.at("moments")]
        #expect(try run(["--where", "m < 4"] + table).code == 0)
        #expect(try run(["--where", "m > 2"] + table).code == 1)
        #expect(try target.count() == 3)
    }

    @Test(arguments: VersionPair.ofSamples.filter { $0.source < 15 })
    func `a byte above 127 that would be converted is refused`(pair: VersionPair) throws {
        let table = "CREATE TYPE mood AS ENUM ('x'); CREATE TABLE t (c \"char\", m mood, x text);"
        let source = try Place(
            Servers.version(pair.source), table + "INSERT INTO t VALUES ('a', 'x', 'é')", encoding: "LATIN1")
        let utf8 = try Place(Servers.version(pair.destination), table)
        let latin1 = try Place(Servers.version(pair.destination), table, encoding: "LATIN1")
        #expect(try transfer(source.at(), utf8.at(), latin1.at()).code == 0)
        try source.sql("UPDATE t SET c = (-23)::\"char\"")
        let refused = try transfer("--truncate", source.at(), utf8.at())
        #expect(refused.code == 1 && refused.errors.contains("column \"c\" holds a value"), "\(refused)")
        #expect(try utf8.sql("SELECT c, x FROM t") == "a|é")
        #expect(try transfer("--truncate", source.at(), latin1.at()).code == 0)
        #expect(try latin1.sql("SELECT c = (-23)::\"char\", x FROM t") == "t|é")
    }
}
