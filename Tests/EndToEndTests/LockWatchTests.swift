// Waits for locks: told with who holds them, ended where one of the run's own does.

import TestKit
import Testing

@Suite struct `Who waits for a lock` {
    // MARK: Strangers

    @Test func `for a stranger is told which table, by whom and since when, and goes on behind him`() throws {
        let place = try Place(Servers.first, countedLoads)
        for (lock, table) in [("LOCK TABLE t", "t"), ("UPDATE counter SET n = 5", "counter")] {
            let holder = try Holder(place, lock)
            let running = try start("--interval=0.2", place.at(), place.at("u"))
            let told = "waiting for a lock on public.\(table), held by pid "
            let text = try running.waitForOutput("it is told again") { $0.split(separator: told).count > 2 }
            #expect(text.contains("(psql, idle in transaction for "), "\(text)")
            try holder.release()
            try running.end().expecting(0)
        }
        #expect(try place.count("u") == 4)
        // In JSON each of it by itself.
        let holder = try Holder(place, "LOCK TABLE t")
        let running = try start("--progress=json", place.at(), place.at("u"))
        let line = try running.waitForOutput(containing: #""type":"waiting""#)
        #expect(
            line.contains(#""table":"public.t","pid":"#) && line.contains(#""application":"psql","state":"idle in"#),
            "\(line)")
        try holder.release()
        try running.end().expecting(0)
    }

    /// Where two locks are gathered in turn the wait has only begun when it is looked at first.
    @Test func `is told about as soon whatever the interval, with more than one destination`() throws {
        let trio = try Trio(rows: 3)
        let holder = try Holder(trio.first, "LOCK TABLE t")
        let running = try start("--interval=600", trio.source.at(), trio.first.at(), trio.second.at())
        try running.waitForOutput(containing: "waiting for a lock on public.t, held by pid ", on: .errors)
        try holder.release()
        try running.end().expecting(0)
    }

    @Test func `while nothing is in the way says nothing`() throws {
        let place = try Place(Servers.first, countedLoads)
        let slow = "SELECT i FROM t, pg_sleep(2.5)"
        let result = try transfer("-v", "--query", slow, "--into=u", place.conninfo, place.conninfo)
        #expect(result.code == 0 && !result.errors.contains("a lock"), "\(result)")
    }

    @Test func `of somebody who may not be seen says that he is hidden`() throws {
        let place = try Place(Servers.first, countedLoads)
        let role = "blind_\(place.database)"
        try place.sql(
            "CREATE ROLE \(role) LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO \(role)")
        defer { _ = try? place.sql("DROP OWNED BY \(role); DROP ROLE \(role)") }
        let login = place.cluster.conninfo(database: place.database, ["user": role])
        let holder = try Holder(place, "LOCK TABLE t")
        let running = try start(login + "#t", login + "#u")
        let text = try running.waitForOutput(containing: "held by pid ")
        #expect(text.contains(", hidden\n"), "\(text)")
        try holder.release()
        try running.end().expecting(0)
    }

    @Test(arguments: ["LOCK TABLE t", "UPDATE counter SET n = 5"])
    func `ends at --lock-timeout with who is in the way`(lock: String) throws {
        let place = try Place(Servers.first, countedLoads)
        let holder = try Holder(place, lock)
        for timeout in ["0.3", "1.5"] {
            let result = try transfer("-q", "--lock-timeout", timeout, place.at(), place.at("u"))
            #expect(result.code == 1 && result.duration < .seconds(15), "\(result)")
            #expect(result.errors.contains("waited \(timeout) s for a lock on public."), "\(result)")
            #expect(result.errors.contains("(psql, idle in transaction for "), "\(result)")
        }
        try holder.release()
        #expect(try place.count("u") == 0)
        try place.expectNoBackends()
    }

    /// While locks are gathered, and while rows flow.
    @Test(arguments: ["LOCK TABLE v", "UPDATE counter SET n = 5"])
    func `is dropped at --lock-timeout where the others are to go on`(lock: String) throws {
        let place = try Place(Servers.first, countedLoads + "; DROP TRIGGER counting ON u")
        let holder = try Holder(place, lock)
        let result = try transfer("--keep-going", "--lock-timeout=0.7", place.at(), place.at("u"), place.at("v"))
        #expect(result.code == 3 && result.duration < .seconds(15), "\(result)")
        #expect(result.errors.contains("\(place.label("v")): waited 0.7 s for a lock on public."), "\(result)")
        try holder.release()
        #expect(try place.count("u") == 2 && place.count("v") == 0)
        try place.expectNoBackends()
    }

    @Test func `for a server that does not answer is told, too`() throws {
        let place = try Place(Servers.first, countedLoads)
        let proxy = try FaultProxy(to: place.cluster)
        proxy.arm(.stall, direction: .toClient, at: .now)
        let endpoint = place.through(proxy)
        let running = try start(endpoint, place.at("u"))
        try running.waitForOutput(containing: "\(label(of: endpoint)): waiting for the server to answer", on: .errors)
        proxy.resume()
        try running.end().expecting(0)
        proxy.stop()
    }

    // MARK: The run itself

    @Test(arguments: [[], ["--timeout=1"], ["--keep-going"]])
    func `that a trigger of the same run holds fails within seconds`(options: [String]) throws {
        let place = try Place(Servers.first, countedLoads)
        let result = try transfer(options + [place.at(), place.at("u"), place.at("v")])
        #expect(result.duration < .seconds(20), "\(result)")
        let labels = [place.label("u"), place.label("v")]
        let told = zip(labels, labels.reversed()).contains { waiting, holder in
            result.errors.contains(
                "\(waiting): this waits for a lock on public.counter that \(holder) of the same run holds")
        }
        #expect(told, "\(result)")
        let counts = try [place.count("u"), place.count("v")].sorted()
        #expect(result.code == (options == ["--keep-going"] ? 3 : 1), "\(result)")
        #expect(counts == (options == ["--keep-going"] ? [0, 2] : [0, 0]), "\(result)")
        try place.expectNoBackends()
    }

    /// The second destination's trigger waits for a stranger, and he for what the first one holds.
    @Test func `through a stranger who waits for the run fails as well`() throws {
        let place = try Place(Servers.first, countedLoads)
        try place.sql("DROP TRIGGER counting ON u")
        let stranger = try place.cluster.psqlProgram(["-q"], conninfo: place.conninfo).with { $0.input = .pipe }.start()
        stranger.write("BEGIN; UPDATE counter SET n = 7; \\echo held\n")
        try stranger.waitForOutput(containing: "held", on: .output)
        let running = try start(place.at(), place.at("u"), place.at("v"))
        try running.waitForOutput(containing: "waiting for a lock on public.counter", on: .errors)
        stranger.write("LOCK TABLE u; COMMIT;\n")
        let result = try running.end()
        #expect(result.code == 1 && result.duration < .seconds(20), "\(result)")
        let told = "\(place.label("v")): this waits for a lock on public.counter behind pid "
        let held = ", which waits for one that \(place.label("u")) of the same run holds"
        #expect(result.errors.contains(told) && result.errors.contains(held), "\(result)")
        stranger.closeInput()
        _ = try stranger.wait()
        #expect(try place.sql("SELECT n FROM counter") == "7" && place.count("u") == 0)
    }

    @Test(arguments: ["view", "partition"])
    func `of a source on what is to be emptied is refused`(kind: String) throws {
        let place = try Place(
            Servers.first,
            """
            CREATE TABLE p (i int) PARTITION BY LIST (i); CREATE TABLE p1 PARTITION OF p DEFAULT;
            INSERT INTO p VALUES (1); CREATE VIEW w AS SELECT * FROM p1
            """)
        let source = place.at(kind == "view" ? "w" : "p")
        let result = try transfer("--truncate", source, place.at("p1"))
        #expect(result.code != 0 && result.duration < .seconds(15), "\(result)")
        #expect(result.errors.contains(place.label("p1")), "\(result)")
        #expect(try place.count("p") == 1)
    }

    /// The source's lock and the foreign table's are one table's; no server sees both.
    @Test(arguments: [false, true])
    func `through postgres_fdw is told, and ends at --timeout`(isSource: Bool) throws {
        let far = try Place(Servers.source, "CREATE TABLE t (i int); INSERT INTO t VALUES (1)")
        let near = try Place(
            Servers.first,
            """
            CREATE EXTENSION postgres_fdw;
            CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw
                OPTIONS (host '\(far.cluster.socketDirectory)', port '\(far.cluster.port)', dbname '\(far.database)');
            CREATE USER MAPPING FOR postgres SERVER far OPTIONS (user 'postgres');
            CREATE FOREIGN TABLE f (i int) SERVER far OPTIONS (table_name 't')
            """)
        let sides = [near.at("f"), far.at()]
        let result = try transfer(
            ["--truncate", "--timeout=2.5"] + (isSource ? sides : sides.reversed()))
        #expect(result.code == 1 && result.duration < .seconds(20), "\(result)")
        #expect(
            result.errors.contains("\(near.label("f")): waiting for a foreign server; there pid ")
                && result.errors.contains("(postgres_fdw, active for "), "\(result)")
        #expect(
            result.errors.contains("\(near.label("f")): this waits for a foreign server, and there pid "),
            "\(result)")
        #expect(try far.count() == 1)
        try near.expectNoBackends()
    }
}

/// What is only slow, or waits for strangers, is no fault.
@Suite struct `Who waits for a lock and will have it` {
    private func place(_ function: String, _ when: String = "AFTER INSERT ON", _ each: String = "") throws -> Place {
        try Place(
            Servers.first,
            """
            CREATE TABLE s (id int); INSERT INTO s SELECT generate_series(1, 100); CREATE TABLE d1 (id int);
            CREATE TABLE d2 (id int); CREATE TABLE d3 (id int); CREATE TABLE q (id int PRIMARY KEY, n int, open bool);
            INSERT INTO q VALUES (1, 1, true);
            CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $f$\(function)$f$;
            CREATE TRIGGER f \(when) d1 \(each) EXECUTE FUNCTION f(); CREATE TRIGGER f \(when) d2 \(each) EXECUTE FUNCTION f();
            CREATE TRIGGER f \(when) d3 \(each) EXECUTE FUNCTION f()
            """)
    }

    @Test(arguments: [[], ["--keep-going"]]) func `of its own run for moments goes on`(options: [String]) throws {
        let brief =
            "BEGIN PERFORM pg_advisory_lock(7); PERFORM pg_sleep(0.02); PERFORM pg_advisory_unlock(7); RETURN NEW; END"
        let place = try place(brief, "BEFORE INSERT ON", "FOR EACH ROW")
        let result = try transfer(options + [place.at("s"), place.at("d1"), place.at("d2"), place.at("d3")])
        #expect(result.code == 0, "\(result)")
        for table in ["d1", "d2", "d3"] { #expect(try place.count(table) == 100) }
    }

    @Test(arguments: ["", "ALTER SYSTEM"]) func `of its own run for long goes on, seen or not`(hidden: String) throws {
        let long =
            "BEGIN PERFORM pg_advisory_lock(78); PERFORM pg_sleep(3); PERFORM pg_advisory_unlock(78); RETURN NULL; END"
        let place = try place(long)
        if !hidden.isEmpty { try place.sql("ALTER DATABASE \(place.database) SET track_activities = off") }
        let result = try transfer(place.at("s"), place.at("d1"), place.at("d2"))
        #expect(result.code == 0 && result.duration > .seconds(6), "\(result)")
    }

    /// Both wait for a stranger, the second one behind the first, who gives it back.
    @Test(arguments: [
        (
            "SELECT pg_advisory_lock(77)",
            "BEGIN PERFORM pg_advisory_lock(77); PERFORM pg_advisory_unlock(77); RETURN NULL; END"
        ),
        ("DELETE FROM q", "BEGIN UPDATE public.q SET n = n + 1 WHERE id = 1 AND open; RETURN NULL; END"),
        (
            "LOCK TABLE q",
            "BEGIN BEGIN LOCK TABLE public.q IN EXCLUSIVE MODE; RAISE 'no'; EXCEPTION WHEN others THEN NULL; END; RETURN NULL; END"
        ),
    ])
    func `of a stranger behind one of its own goes on`(lock: String, function: String) throws {
        let place = try place(function)
        let holder = try Holder(place, lock)
        let running = try start(place.at("s"), place.at("d1"), place.at("d2"))
        let told = try running.waitForOutput("it is told again and again") {
            $0.split(separator: "waiting for a lock").count > 6
        }
        #expect(told.contains("(psql, idle in transaction"), "\(told)")
        if lock.contains("advisory") {
            try place.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        } else {
            try holder.release()
        }
        let result = try running.end()
        #expect(result.code == 0, "\(result)")
        #expect(try place.count("d1") == 100 && place.count("d2") == 100)
    }

    @Test func `while rows come only now and then is told and ended all the same`() throws {
        let place = try place("BEGIN UPDATE public.q SET n = n + 1; RETURN NULL; END", "BEFORE INSERT ON")
        let holder = try Holder(place, "UPDATE q SET n = 5")
        let slow = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo $i; sleep 0.5; done"
        let result = try transfer("--lock-timeout=2", "program:\(slow)", place.at("d1"))
        #expect(result.code == 1 && result.errors.contains("waited 2.0 s for a lock on public.q"), "\(result)")
        try holder.release()
        // One of the run's own: its transaction's own lock is had to the end.
        let own = try transfer("program:\(slow)", place.at("d1"), place.at("d2"))
        #expect(own.code == 1 && own.errors.contains("of the same run holds") && own.duration < .seconds(5.5), "\(own)")
    }

    /// A table that the run has locked itself is its own to the end, however long rows still flow.
    @Test func `for a table of its own run fails at once`() throws {
        let place = try Place(
            Servers.first,
            """
            CREATE TABLE d1 (id int); CREATE TABLE d2 (id int);
            CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.d1 VALUES (0); RETURN NEW; END';
            CREATE TRIGGER f BEFORE INSERT ON d2 FOR EACH ROW EXECUTE FUNCTION f()
            """)
        let slow = "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do echo $i; sleep 0.5; done"
        let result = try transfer("--truncate", "program:\(slow)", place.at("d1"), place.at("d2"))
        #expect(result.code == 1 && result.errors.contains("of the same run holds"), "\(result)")
        #expect(result.duration < .seconds(8), "\(result)")
    }

    @Test func `at the last checks is dropped where the others are to go on`() throws {
        let place = try Place(
            Servers.first,
            """
            CREATE TABLE p (id int PRIMARY KEY); INSERT INTO p VALUES (1); CREATE TABLE d1 (id int);
            CREATE TABLE c (id int REFERENCES p DEFERRABLE INITIALLY DEFERRED)
            """)
        let holder = try Holder(place, "DELETE FROM p")
        let result = try transfer(
            "--query", "select 1 id", "--lock-timeout=1.5", "--keep-going", place.conninfo, place.at("c"),
            place.at("d1"))
        #expect(result.code == 3 && result.errors.contains("waited 1.5 s for a lock"), "\(result)")
        try holder.release()
        #expect(try place.count("d1") == 1 && place.count("c") == 0)
        try place.expectNoBackends()
    }

    @Test func `is ended by its server where nobody can ask`() throws {
        let place = try Place(Servers.first, "CREATE TABLE t (i int); INSERT INTO t VALUES (1); CREATE TABLE u (i int)")
        let role = "lonely_\(place.database)"
        try place.sql("CREATE ROLE \(role) LOGIN CONNECTION LIMIT 2; GRANT ALL ON t, u TO \(role)")
        defer { _ = try? place.sql("DROP OWNED BY \(role); DROP ROLE \(role)") }
        let holder = try Holder(place, "LOCK TABLE u")
        let login = place.cluster.conninfo(database: place.database, ["user": role])
        let result = try transfer("--lock-timeout=1", login + "#t", login + "#u")
        #expect(result.code == 1 && result.duration < .seconds(15), "\(result)")
        #expect(result.errors.contains("55P03") && result.errors.contains("cannot be asked"), "\(result)")
        try holder.release()
    }

    /// What he has of the table himself is in nobody's way.
    @Test(arguments: ["", "INSERT INTO u VALUES (7); "])
    func `of one that waits himself names who holds it`(own: String) throws {
        let place = try Place(Servers.first, "CREATE TABLE t (i int); INSERT INTO t VALUES (1); CREATE TABLE u (i int)")
        let holder = try Holder(place, "SELECT * FROM u")
        let alter = try place.beside("BEGIN; \(own)ALTER TABLE u ADD x int; COMMIT")
        try eventually("it waits") {
            try place.sql("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'u'::regclass") == "1"
        }
        let running = try start(place.at(), place.at("u"))
        let told = try running.waitForOutput(containing: "for which pid ")
        #expect(told.contains("(psql, idle in transaction"), "\(told)")
        try holder.release()
        _ = try alter.wait()
        _ = try running.end()
    }

    /// Whoever asks is in another database of the server, and knows no names there.
    @Test func `in another database of the source's server names the table`() throws {
        let place = try Place(Servers.first, "CREATE TABLE t (i int); INSERT INTO t VALUES (1)")
        let other = try Place(Servers.first, "CREATE TABLE odd (i int)")
        let holder = try Holder(other, "LOCK TABLE odd")
        let running = try start(place.at(), other.at("odd"))
        try running.waitForOutput(containing: "waiting for a lock on public.odd, held by pid ")
        try holder.release()
        try running.end().expecting(0)
    }
}
