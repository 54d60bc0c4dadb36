// What all end-to-end tests share: a database for each test on each server, runs of the program, what must hold after.

import Glibc
import TestKit
import Testing

/// A database of one test's own on one server.
struct Place: Sendable {
    let cluster: Cluster
    let database: String
    /// Dropped with the place.
    private let owned: Database

    /// A new database in which these statements have been run.
    init(_ cluster: Cluster, _ sql: String = "", encoding: String? = nil) throws {
        self.cluster = cluster
        owned = try Database(on: cluster, encoding: encoding)
        database = owned.name
        if !sql.isEmpty { try self.sql(sql) }
    }

    /// Runs statements, gives the rows.
    @discardableResult
    func sql(_ text: String) throws -> String { try cluster.psql(text, database: database) }

    /// Over the unix socket.
    var conninfo: String { cluster.conninfo(database: database) }

    /// The endpoint of a table here.
    func at(_ table: String = "t") -> String { conninfo + "#" + table }

    /// The same through a proxy.
    func through(_ proxy: FaultProxy, _ table: String = "t") -> String {
        proxy.conninfo(database: database) + "#" + table
    }

    /// How messages name the endpoint of a table here; nil: of a run that has no one table.
    func label(_ table: String? = "t") -> String {
        TestKit.label(of: table.map { at($0) } ?? conninfo)
    }

    func count(_ table: String = "t") throws -> Int { Int(try sql("SELECT count(*) FROM \(table)")) ?? -1 }

    /// The number of rows, and a hash of all values of these columns, whatever the order of the rows.
    func digest(_ table: String = "t", columns: String = "t.*") throws -> String {
        try sql(
            """
            SELECT count(*) || ' ' || coalesce(md5(string_agg(r, E'\\n' ORDER BY r COLLATE "C")), '-')
            FROM (SELECT ROW(\(columns))::text r FROM \(table) t) x
            """)
    }

    /// Sessions of the program here, those that only wait for a lock included.
    func backends() throws -> Int {
        Int(
            try sql(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'pgcopy'
                """)) ?? -1
    }

    /// Waits until a session of the program is in this state here.
    func waitForBackend(_ condition: String, within timeout: Duration = .seconds(20)) throws {
        try eventually("a session where \(condition)", within: timeout) {
            try sql(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'pgcopy' AND (\(condition))
                """) != "0"
        }
    }

    /// Ends the program's sessions here as an administrator would.
    func terminateBackends() throws {
        try sql(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'pgcopy'
            """)
    }

    /// Waits until no session of the program is left here.
    func expectNoBackends(within timeout: Duration = .seconds(3)) throws {
        try eventually("no session of pgcopy in \(database)", within: timeout) { try backends() == 0 }
    }
}

/// A source and two destinations.
struct Trio: Sendable {
    let source: Place
    let first: Place
    let second: Place

    /// Three databases; the first statements are run in each, then the others in the source's.
    init(_ everywhere: String, source sourceOnly: String = "") throws {
        let servers = try Servers.all()
        source = try Place(servers.source, everywhere + ";" + sourceOnly)
        first = try Place(servers.first, everywhere)
        second = try Place(servers.second, everywhere)
    }

    /// A table `t` in each, with so many rows of 100 bytes at the source.
    init(rows: Int) throws { try self.init(Trio.schema, source: Trio.fill(rows)) }

    /// Every row is 100 bytes of text format: ten digits, a tab, 88 more, a line feed.
    static let schema = "CREATE TABLE t (id text, filler text)"
    static func fill(_ rows: Int) -> String {
        "INSERT INTO t SELECT lpad(i::text, 10, '0'), repeat('x', 88) FROM generate_series(1, \(rows)) i"
    }
    /// Bytes of COPY data of so many rows as the source's server frames them.
    static func sourceBytes(_ rows: Int) -> Int { rows * 105 }

    var places: [Place] { [source, first, second] }

    func expectNothingCommitted(_ comment: Comment, table: String = "t") throws {
        #expect(try first.count(table) == 0, comment)
        #expect(try second.count(table) == 0, comment)
    }

    func expectNoBackends(within timeout: Duration = .seconds(3)) throws {
        for place in places { try place.expectNoBackends(within: timeout) }
    }
}

/// The password of tests that make up their own.
let secret = "tops3cret"

/// Every password of these tests. None may be seen anywhere.
private let secrets = [Cluster.password, "pass word", "pass%20word", secret]

/// Runs `pgcopy transfer`, and expects that it shows no password.
func transfer(_ arguments: String..., change: (inout Program) -> Void = { _ in }) throws -> ProgramResult {
    try transfer(arguments, change: change)
}

/// Runs `pgcopy transfer`, and expects that it shows no password.
func transfer(_ arguments: [String], change: (inout Program) -> Void = { _ in }) throws -> ProgramResult {
    expectNoSecrets(try program(arguments).with(change).run())
}

/// `pgcopy transfer`, not started yet.
func program(_ arguments: [String]) throws -> Program { try Program.pgcopy(["transfer"] + arguments) }

/// Starts `pgcopy transfer`.
func start(_ arguments: String..., change: (inout Program) -> Void = { _ in }) throws -> RunningProgram {
    try program(arguments).with(change).start()
}

/// The same result, after a look for passwords.
@discardableResult
func expectNoSecrets(_ result: ProgramResult) -> ProgramResult {
    for text in [result.output, result.errors, result.screenText] {
        for secret in secrets { #expect(!text.contains(secret), "a password is shown: \(result.errors)") }
    }
    return result
}

extension RunningProgram {
    /// Waits for its end, and looks for passwords.
    func end() throws -> ProgramResult { expectNoSecrets(try wait()) }
}

/// Sends a signal; the result, and the time from the signal to the end.
func interrupted(_ running: RunningProgram, _ signal: Int32) throws -> (ProgramResult, Duration) {
    let clock = ContinuousClock()
    let sent = clock.now
    running.signal(signal)
    let result = try running.end()
    return (result, clock.now - sent)
}

/// Statements that make each row of a table wait for an advisory lock, which `Holder.gate` holds.
/// - Parameter timing: when: `DEFERRABLE INITIALLY DEFERRED` as the constraint of a transaction's end; "" at once.
func gated(_ table: String = "t", _ timing: String = "DEFERRABLE INITIALLY DEFERRED") -> String {
    """
    CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER gate AFTER INSERT ON \(table) \(timing) FOR EACH ROW EXECUTE FUNCTION gate()
    """
}

/// A session that holds locks until it is told to let go.
struct Holder {
    /// What closes the gate of `gated`.
    static let gate = "SELECT pg_advisory_xact_lock(1)"

    private let psql: RunningProgram

    /// Runs a statement in a transaction that stays open.
    init(_ place: Place, _ statement: String) throws {
        try self.init(place.cluster, place.database, statement)
    }

    init(_ cluster: Cluster, _ database: String, _ statement: String) throws {
        psql = try cluster.psqlProgram(
            ["-q", "-v", "ON_ERROR_STOP=1"], conninfo: cluster.conninfo(database: database)
        ).with { $0.input = .pipe }.start()
        psql.write("BEGIN; \(statement); \\echo held\n")
        try psql.waitForOutput(containing: "held", on: .output)
    }

    /// Ends the transaction.
    func release() throws {
        psql.write("COMMIT;\n")
        psql.closeInput()
        try psql.wait().expecting(0)
    }
}

/// Sessions that do the same over and over until they are ended.
struct Repeating {
    private let place: Place
    private let programs: [RunningProgram]
    private static let name = "repeating"

    /// - Parameter sql: one statement, or several behind `\\;`.
    init(_ place: Place, sessions: Int = 1, _ sql: String) throws {
        self.place = place
        programs = try (0..<sessions).map { _ in
            let program = try place.cluster.psqlProgram(
                ["-q", "-o", "/dev/null"], conninfo: place.conninfo + "&application_name=\(Self.name)"
            ).with { $0.input = .pipe }.start()
            program.write("\(sql)\n\\watch 0.01\n")
            return program
        }
    }

    func end() {
        for program in programs { program.signal(SIGKILL) }
        _ = try? place.sql(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = '\(Self.name)'
            """)
        for program in programs { _ = try? program.wait() }
    }
}

extension Place {
    /// Statements in a transaction of their own, run beside.
    func beside(_ sql: String) throws -> RunningProgram {
        try cluster.psqlProgram(
            ["-q", "-v", "ON_ERROR_STOP=1", "-1", "-c", sql], conninfo: conninfo + "&application_name=beside"
        ).start()
    }

    /// Waits until a session of this program waits for a lock here.
    func waitForLock(of application: String = "pgcopy", sessions: Int = 1) throws {
        try cluster.waitForLock(in: database, of: application, sessions: sessions)
    }

    /// Waits until a run of pgcopy has locked the table and stands still.
    func waitUntilLocked(_ table: String = "t") throws {
        try waitForBackend(
            "state = 'idle in transaction' AND pid IN (SELECT pid FROM pg_locks WHERE relation = '\(table)'::regclass)")
    }
}

extension Cluster {
    /// Waits until so many sessions of this program wait for locks in a database, for longer than they only look.
    func waitForLock(in database: String, of application: String = "pgcopy", sessions: Int = 1) throws {
        try eventually("\(sessions) of \(application) wait for a lock") {
            let waiting = try psql(
                """
                SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                AND application_name = '\(application)' AND wait_event_type = 'Lock'
                AND query_start < now() - interval '0.2 s'
                """, database: database)
            return Int(waiting) ?? 0 >= sessions
        }
    }
}

/// Tables `t`, `u` and `v`, of which the last two count their loads in one row of `counter`.
let countedLoads = """
    CREATE TABLE t (i int); INSERT INTO t VALUES (1), (2); CREATE TABLE u (i int); CREATE TABLE v (i int);
    CREATE TABLE counter (n int); INSERT INTO counter VALUES (0);
    CREATE FUNCTION counting() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN UPDATE public.counter SET n = n + 1; RETURN NULL; END';
    CREATE TRIGGER counting AFTER INSERT ON u EXECUTE FUNCTION counting();
    CREATE TRIGGER counting AFTER INSERT ON v EXECUTE FUNCTION counting()
    """

/// Processes whose command line holds this text.
func processes(naming text: String) throws -> [String] {
    let result = try Program("pgrep", ["-fa", text]).run()
    return result.output.split(separator: "\n").map(String.init).filter { !$0.contains("pgrep") }
}
