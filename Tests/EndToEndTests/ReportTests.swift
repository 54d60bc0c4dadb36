// What is told on stderr, to people and to programs.

import Glibc
import TestKit
import Testing

@Suite struct ReportTests {
    /// The lines as a table `lines (n, j)` of the server's own JSON, which refuses what is none.
    private func query(_ text: String, _ sql: String, _ place: Place) throws -> String {
        let lines = text.split(separator: "\n").map { sqlLiteral(String($0)) }.joined(separator: ", ")
        return try place.sql(
            "WITH lines AS (SELECT n, line::jsonb AS j FROM unnest(ARRAY[\(lines)]::text[]) WITH ORDINALITY u(line, n)) \(sql)"
        )
    }

    @Test func `every record is JSON, and the last one is the summary`() throws {
        let trio = try Trio(rows: 20_000)
        let result = try transfer(
            "--progress=json", "-v", "--interval=0", "--format=text", trio.source.at(), trio.first.at(),
            trio.second.at())
        #expect(result.code == 0 && result.output.isEmpty, "\(result)")
        let place = trio.source
        let last = "(SELECT j FROM lines ORDER BY n DESC LIMIT 1) x"
        #expect(
            try query(
                result.errors,
                """
                SELECT j->>'type', j->>'exit_code', j->>'rows', j->>'bytes', j->>'source', jsonb_array_length(j->'destinations'),
                    j->'error' FROM \(last)
                """, place) == "summary|0|20000|2000000|\(trio.source.label())|2|null")
        #expect(
            try query(
                result.errors,
                """
                SELECT d->>'destination', d->>'status', d->>'rows', d->>'bytes', (d->>'bytes_per_second')::float > 0, d->'error'
                FROM \(last), jsonb_array_elements(j->'destinations') d
                """, place)
                == [trio.first, trio.second].map { "\($0.label())|committed|20000|2000000|t|null" }.joined(
                    separator: "\n")
        )
        #expect(
            try query(
                result.errors,
                """
                SELECT sum((j->'cycle'->>'rows')::bigint), max((j->>'rows')::bigint), sum((j->'cycle'->>'bytes')::bigint),
                    bool_and(jsonb_array_length(j->'destinations') = 2), count(*) > 5 FROM lines WHERE j->>'type' = 'progress'
                """, place) == "20000|20000|2000000|t|t")
        #expect(
            try query(
                result.errors,
                "SELECT count(*) FROM lines WHERE j->>'type' = 'statement' AND j->>'statement' LIKE 'COPY%'", place)
                == "3")
    }

    @Test func `a failure is in the summary of JSON`() throws {
        let trio = try Trio(rows: 10)
        try trio.second.sql("ALTER TABLE t ADD CONSTRAINT \"c \"\"q\"\" \\\" CHECK (id <> '0000000003')")
        let result = try transfer(
            "--progress=json", "--keep-going", trio.source.at(), trio.first.at(), trio.second.at())
        #expect(result.code == 3, "\(result)")
        #expect(
            try query(
                result.errors,
                """
                SELECT j->>'exit_code', d->>'status', d->>'rows', d->'error'->>'sqlstate', d->'error'->>'detail' LIKE 'Failing row%',
                    d->'error'->>'context' LIKE 'COPY t, line 3%', d->'error'->>'message' LIKE '%"c "q" \\\\"'
                FROM lines, jsonb_array_elements(j->'destinations') d
                WHERE j->>'type' = 'summary' AND d->>'status' <> 'committed'
                """, trio.source) == "3|rolled back||23514|t|t|t")
        #expect(
            try query(
                result.errors, "SELECT j->>'reaction', j->>'destination' FROM lines WHERE j->>'type' = 'fault'",
                trio.source)
                == "dropped|\(trio.second.label())")
    }

    @Test func `a signal and a doubt are in the summary of JSON`() throws {
        let trio = try Trio(rows: 10)
        let proxy = try FaultProxy(to: trio.first.cluster)
        proxy.arm(.close, at: .answer(to: "COMMIT"))
        let result = try transfer("--progress=json", trio.source.at(), trio.first.through(proxy))
        #expect(result.code == 4, "\(result)")
        #expect(
            try query(
                result.errors,
                """
                SELECT j->>'exit_code', d->>'status', d->>'transaction' ~ '^[0-9]+$'
                FROM lines, jsonb_array_elements(j->'destinations') d WHERE j->>'type' = 'summary'
                """, trio.source) == "4|in doubt|t")
        let running = try start("--progress=json", "-", trio.second.at()) { $0.input = .pipe }
        try trio.second.waitForBackend("state = 'active'")
        let (stopped, _) = try interrupted(running, 15)
        #expect(
            try query(
                stopped.errors, "SELECT j->>'exit_code', j->>'signal' FROM lines WHERE j->>'type' = 'summary'",
                trio.source)
                == "143|15")
        proxy.stop()
    }

    @Test func `plain reports come at their interval`() throws {
        let trio = try Trio(rows: 20_000)
        let result = try transfer(
            "--format=text", "--rate-limit=1M", "--interval=0.2", trio.source.at(), trio.first.at())
        #expect(result.code == 0, "\(result)")
        let reports = result.errors.split(separator: "\n").filter { $0.contains("(mean ") }
        #expect((4...25).contains(reports.count), "\(result)")
        #expect(result.errors.contains("\(trio.first.label()): committed, 20,000 rows, 1.9 MiB in "), "\(result)")
        let seldom = try transfer("--interval=60", trio.source.at(), trio.first.at())
        #expect(!seldom.errors.contains("(mean "), "\(seldom)")
        let every = try transfer("--interval=0", trio.source.at(), trio.first.at())
        #expect(every.errors.split(separator: "\n").filter { $0.contains("(mean ") }.count > 10, "\(every)")
    }

    @Test func `how far it is is told where all rows are copied`() throws {
        let trio = try Trio(rows: 20_000)
        try trio.source.sql("ANALYZE t")
        for (options, isTold) in [([], true), (["--where", "true"], false)] {
            let result = try transfer(
                options + ["--format=text", "--rate-limit=1M", "--interval=0.3", trio.source.at(), trio.first.at()])
            #expect(result.code == 0 && result.errors.contains("% ") == isTold, "\(result)")
            #expect(result.errors.contains("ETA ") == isTold, "\(result)")
        }
    }

    /// As systemd does: a datagram for each report, whatever the log is to have.
    @Test(arguments: [["-q"], ["--progress=json"]], [false, true])
    func `a service manager is told how far it is`(options: [String], isAbstract: Bool) throws {
        let trio = try Trio(rows: 20_000)
        let directory = try TemporaryDirectory()
        let path = directory.file("notify")
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = (isAbstract ? [0] : []) + Array(path.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, length) }
        }
        #expect(bound == 0)
        try trio.source.sql("ANALYZE t")
        let result = try transfer(
            options + ["--format=text", "--rate-limit=1M", "--interval=0.3", trio.source.at(), trio.first.at()]
        ) { $0.environment["NOTIFY_SOCKET"] = (isAbstract ? "@" : "") + path }
        #expect(result.code == 0 && (options == ["-q"]) == result.errors.isEmpty, "\(result)")
        var heard: [String] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = recv(socket, &buffer, buffer.count, 0), count > 0 {
            heard.append(String(decoding: buffer[..<count], as: UTF8.self))
        }
        #expect(heard.allSatisfy { $0.hasPrefix("STATUS=pgcopy: ") && $0.hasSuffix("\n") }, "\(heard)")
        #expect(heard.contains { $0.contains("% ") && $0.contains(" of ~") && $0.contains(", ETA 0:0") }, "\(heard)")
        #expect(heard.last?.contains("committed, 20,000 rows") ?? false, "\(heard)")
    }

    @Test func `a stall is reported at the interval, too`() throws {
        let trio = try Trio(rows: 20_000)
        let proxy = try FaultProxy(to: trio.source.cluster)
        proxy.arm(.stall(for: .seconds(2)), at: .copyBytes(500_000))
        let result = try transfer("--interval=0.5", trio.source.through(proxy), trio.first.at())
        #expect(result.code == 0, "\(result)")
        #expect(proxy.faultCount == 1)
        #expect(
            result.errors.split(separator: "\n").filter { $0.hasSuffix("; waiting for the source") }.count >= 2,
            "\(result)")
        proxy.stop()
    }

    /// The last row is taken, then the server thinks; the last checks take their time; the COMMIT's answer does not come.
    private func endSlowly(_ place: Place) throws -> FaultProxy {
        try place.sql("\(Self.slow); CREATE TRIGGER late AFTER INSERT ON t EXECUTE FUNCTION slow(); \(Self.lastCheck)")
        let proxy = try FaultProxy(to: place.cluster)
        proxy.arm(.stall(for: .milliseconds(1300)), at: .answer(to: "COMMIT"))
        return proxy
    }

    private static let slow =
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1.3); RETURN NULL; END'"
    private static let lastCheck = """
        CREATE CONSTRAINT TRIGGER last AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
        WHEN (NEW.id = '0000000001') EXECUTE FUNCTION slow()
        """

    @Test func `who has failed a last check is not waited for`() throws {
        let trio = try Trio(rows: 10)
        try trio.first.sql("\(Self.slow.replacing("PERFORM pg_sleep(1.3)", with: "ASSERT false")); \(Self.lastCheck)")
        try trio.second.sql("\(Self.slow); \(Self.lastCheck)")
        let result = try transfer(
            "--keep-going", "--interval=0.5", trio.source.at(), trio.first.at(), trio.second.at())
        #expect(result.code == 3, "\(result)")
        let reports = result.errors.split(separator: "\n").filter { $0.contains("; last checks") }
        #expect(reports.count >= 2 && reports.allSatisfy { $0.hasSuffix(" at \(trio.second.label())") }, "\(result)")
    }

    /// An interval of 0 tells each cycle, and there are none.
    @Test func `waiting behind the last row is told once a second where each cycle is`() throws {
        let trio = try Trio(rows: 10)
        let proxy = try endSlowly(trio.first)
        let endpoint = trio.first.through(proxy)
        let result = try transfer("--progress=json", "--interval=0", trio.source.at(), endpoint)
        #expect(result.code == 0, "\(result)")
        let stages = try query(
            result.errors,
            """
            SELECT j->>'phase', j->>'commit', j->>'commits', count(*) BETWEEN 1 AND 3 FROM lines
            WHERE j->>'type' = 'progress' AND j->'waiting_for' = to_jsonb(ARRAY[\(sqlLiteral(label(of: endpoint)))])
            AND j->>'phase' <> 'copying' GROUP BY 1, 2, 3 ORDER BY 1
            """, trio.source)
        #expect(stages == "committing|1|1|t\nfinishing|||t\nsettling|||t", "\(result)")
        proxy.stop()
    }

    /// Behind the last row nothing moves any more, and somebody is waited for.
    @Test func `who is waited for behind the last row is named, again and again`() throws {
        let trio = try Trio(rows: 10)
        let proxy = try endSlowly(trio.first)
        let endpoint = trio.first.through(proxy)
        let result = try transfer("--interval=0.5", trio.source.at(), trio.second.at(), endpoint)
        let label = label(of: endpoint)
        #expect(result.code == 0, "\(result)")
        let reports = result.errors.split(separator: "\n").filter { $0.contains(" 1.1 KiB, 10 rows; ") }
        func count(_ end: String) -> Int { reports.filter { $0.hasSuffix("; " + end) }.count }
        #expect(count("waiting for \(label) to finish") >= 2, "\(result)")
        #expect(count("last checks at \(label)") >= 2, "\(result)")
        #expect(count("committing 2 of 2: \(label)") >= 2, "\(result)")
        #expect(!result.errors.contains("/s (mean "), "nothing is reckoned by what does not move: \(result)")
        proxy.stop()
    }

    @Test func `-q says nothing of success and all of failure`() throws {
        let trio = try Trio(rows: 10)
        try trio.second.sql("CREATE TABLE u (LIKE t); ALTER TABLE u ADD CHECK (false)")
        let good = try transfer("-q", trio.source.at(), trio.first.at(), trio.second.at())
        #expect(good.code == 0 && good.errors.isEmpty && good.output.isEmpty, "\(good)")
        let bad = try transfer("-q", "--keep-going", trio.source.at(), trio.first.at(), trio.second.at("u"))
        #expect(bad.code == 3, "\(bad)")
        #expect(
            bad.errors.contains("SQLSTATE 23514") && bad.errors.contains("\(trio.second.label("u")): rolled back"),
            "\(bad)")
        #expect(!bad.errors.contains("\(trio.first.label()): committed"), "\(bad)")
    }

    @Test func `-v shows the statements of either side`() throws {
        let trio = try Trio(rows: 10)
        let result = try transfer("-v", "--truncate", trio.source.at(), trio.first.at())
        for words in [
            "\(trio.source.label()): BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            #"\#(trio.source.label()): COPY "public"."t""#,
            #"\#(trio.first.label()): TRUNCATE TABLE ONLY "public"."t""#,
            #"\#(trio.first.label()): COPY "public"."t" ("id", "filler") FROM STDIN"#,
            "\(trio.first.label()): COMMIT",
        ] { #expect(result.errors.contains("pgcopy: " + words), "\(result)") }
    }

    @Test func `notices of both sides are shown while the copy runs`() throws {
        let trio = try Trio(rows: 0)
        for place in [trio.source, trio.first] {
            try place.sql(
                """
                CREATE FUNCTION tell(what text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN
                    RAISE NOTICE 'saw %', what USING DETAIL = 'a detail', HINT = 'a hint'; RETURN what; END $$;
                CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS
                    'BEGIN PERFORM public.tell(NEW.id); RETURN NEW; END'
                """)
        }
        try trio.first.sql(
            "CREATE TRIGGER tell BEFORE INSERT ON t FOR EACH ROW WHEN (NEW.id = '1') EXECUTE FUNCTION told()")
        let query = """
            SELECT CASE WHEN i = 1 THEN tell('1') ELSE i::text END AS id,
                repeat('x', 500) || CASE WHEN i > 1000 THEN pg_sleep(60)::text ELSE '' END AS filler FROM generate_series(1, 2000) i
            """
        let running = try start("--query", query, "--into=t", trio.source.conninfo, trio.first.conninfo)
        try running.waitForOutput(containing: "pgcopy: \(trio.source.label(nil)): NOTICE: saw 1\n")
        try running.waitForOutput(containing: "pgcopy: \(trio.first.label()): NOTICE: saw 1\n")
        try running.waitForOutput(containing: "DETAIL: a detail")
        try running.waitForOutput(containing: "HINT: a hint")
        let (result, _) = try interrupted(running, 2)
        #expect(result.code == 130, "\(result)")
        try trio.expectNoBackends()
    }

    @Test func `a stderr that nobody reads does not stop a copy`() throws {
        let trio = try Trio(rows: 5000)
        let script = #"{ "$0" transfer --interval=0 "$1" "$2"; echo "code $?" >&3; } 2>&1 3>&4 | true"#
        let result = try Program(
            "sh", ["-c", "{ \(script); } 4>&1", try Program.pgcopyPath(), trio.source.at(), trio.first.at()]
        ).run()
        #expect(result.output == "code 0\n", "\(result)")
        #expect(try trio.first.count() == 5000)
    }
}
