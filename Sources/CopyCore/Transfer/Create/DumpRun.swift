// pg_dump, run once for what tables are made of.

internal import Glibc

/// A pg_dump that runs beside us, its text and what it complains of.
final class DumpRun: StoppableTask {
    private let child: ChildProcess
    private var text: [UInt8] = []
    private var complaints: [UInt8] = []
    private let now: () -> Instant
    /// When it is made to end; nil: it was not told to.
    private var deadline: Instant?

    /// Between being asked to end and being made to.
    private static let grace = Duration.seconds(1)
    /// Of a text of nothing but complaints more is nobody's to read.
    private static let longestComplaint = 1 << 20

    /// Starts it.
    /// - Parameters:
    ///   - session: of the server.
    ///   - server: that it is to connect to, as this session did.
    ///   - arguments: what is dumped.
    ///   - standardStrings: literals are written as all servers read them, without further ado.
    init(
        _ session: Session, of server: Server, _ arguments: [String], standardStrings: Bool
    ) throws(PgcopyError) {
        let connection = session.connection
        let poller = session.poller
        now = { poller.now }
        // Its libpq may be another one, which does not know all that ours does.
        var parameters = server.plainParameters
        if !standardStrings {
            let options = [connection.given("options"), "-c standard_conforming_strings=on"].filter { !$0.isEmpty }
            parameters.append(("options", options.joined(separator: " ")))
        }
        let words = parameters.map { "\($0.keyword)=\(Self.quoted($0.value))" }
        let password = connection.given("password")
        let encoding = SessionSettings.encoding(connection)
        child = try ChildProcess(
            ChildProcess.Command(
                arguments: ([
                    "pg_dump", "--verbose", "--section=pre-data", "--section=post-data", "--no-owner",
                    "--no-privileges",
                    "--no-tablespaces", "--no-blobs", "--no-publications", "--no-subscriptions", "--no-password",
                    "--encoding=\(encoding)",
                ] + arguments + ["--dbname=" + words.joined(separator: " ")]).map(RawText.bytes(of:)),
                // Others may see arguments. Its complaints are told as ours.
                variables: (password.isEmpty ? [] : ["PGPASSWORD=\(password)"])
                    + ["PGAPPNAME=pgcopy", "LC_ALL=C", "PG_COLOR=never"]),
            input: .bytes([]), output: .pipe, errors: .pipe, group: .own)
    }

    deinit { if child.status == nil { child.signal(SIGKILL) } }

    /// As in libpq's connection strings.
    private static func quoted(_ value: String) -> String {
        "'" + value.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
    }

    func step(_ polled: ArraySlice<PollEntry>) {
        child.step()
        if let deadline, now() >= deadline { child.signal(SIGKILL) }
        // What it has written before it ended is there once it has.
        let hasEnded = child.status != nil
        while let output = child.output, read(output, into: &text) {}
        while let errors = child.errors, read(errors, into: &complaints) {
            if complaints.count > Self.longestComplaint { complaints.removeFirst(complaints.count / 2) }
        }
        guard hasEnded else { return }
        child.closeOutput()
        child.closeErrors()
    }

    /// False: there is nothing now.
    private func read(_ descriptor: CInt, into bytes: inout [UInt8]) -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65536)
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress!, $0.count) }
        if count > 0 { bytes += chunk[..<count] }
        if count == 0 { if descriptor == child.output { child.closeOutput() } else { child.closeErrors() } }
        return count > 0
    }

    func watch(_ entries: inout [PollEntry]) -> Bool {
        let goesOn = child.watch(&entries)
        if let deadline, goesOn, now() < deadline { entries.append(PollEntry(.at(deadline))) }
        for descriptor in [child.output, child.errors] {
            if let descriptor { entries.append(PollEntry(Interest(descriptor, .read))) }
        }
        return goesOn || child.output != nil
    }

    func stop(_ cause: any Error) {
        deadline = now() + Self.grace
        child.signal(SIGTERM)
        child.closeOutput()
        child.closeErrors()
    }

    /// What it has written.
    /// - Throws: `PgcopyError` with what it complained of.
    func result() throws(PgcopyError) -> [UInt8] {
        guard let status = child.status else { throw PgcopyError(.program, "--create: pg_dump was stopped") }
        if status == .exited(0) { return text }
        let lines = RawText.decoding(complaints).split(whereSeparator: \.isNewline)
        // With --verbose it tells all that it does.
        let marks = ["error: ", "detail: ", "hint: ", "warning: "]
        let told = lines.filter { line in marks.contains { line.contains($0) } }
        throw PgcopyError(
            .program,
            "--create: pg_dump failed: "
                + (lines.isEmpty
                    ? PgcopyError.program(status).message
                    : (told.isEmpty ? lines.suffix(3) : told).joined(separator: "\n")),
            hint: Self.hint(status, told.joined()))
    }

    private static func hint(_ status: ChildProcess.Status, _ told: String) -> String? {
        if told.contains("server version mismatch") {
            return "pg_dump has to be of the server's version or a later one; the first in PATH is taken"
        }
        return status == .exited(127) ? "pg_dump comes with PostgreSQL's client programs" : nil
    }
}

extension Transfer {
    /// Runs pg_dump at the source.
    func dump(_ arguments: [String], standardStrings: Bool) throws -> SchemaDump {
        guard let session = source.session, let server = source.server else {
            throw PgcopyError(.unreachable, "not connected")
        }
        let run: DumpRun
        do {
            run = try DumpRun(session, of: server, arguments, standardStrings: standardStrings)
        } catch {
            throw PgcopyError(
                .program, "--create: \(error)",
                hint: "pg_dump comes with PostgreSQL's client programs (Debian: postgresql-client)")
        }
        dumpingSince = poller.now
        defer { dumpingSince = nil }
        if let cause = poller.seeThrough(run) { throw cause }
        let dump = SchemaDump(try run.result())
        guard dump.isWhole else {
            throw PgcopyError(.program, "--create: what pg_dump wrote does not end as it should; nothing was made")
        }
        return dump
    }
}
