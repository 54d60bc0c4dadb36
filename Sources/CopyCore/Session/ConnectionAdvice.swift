// What helps where there is no connection: by what libpq or a server said.

internal import Glibc

/// Knows what to do about connections that fail; pure, but for files that name services.
enum ConnectionAdvice {
    /// - Parameters:
    ///   - message: libpq's, and the server's in it.
    ///   - said: what the connection string says of each keyword.
    ///   - wantedPassword: the server asked for one, and none was to be had.
    static func hint(_ message: String, said: [String: String], wantedPassword: Bool = false) -> String? {
        func has(_ words: String) -> Bool { message.contains(words) }
        if wantedPassword {
            return
                "a password is wanted and there is no terminal to ask on (or -w was given): ~/.pgpass or PGPASSWORD gives it"
        }
        if has("definition of service"), let service = said["service"] { return services(near: service) }
        if lacksDatabase(message), said["dbname"] == nil, said["service"] == nil {
            return "no database is named, so it is PGDATABASE or the user's name: postgresql://HOST/DATABASE names one"
        }
        if has("role \""), has("does not exist"), said["user"] == nil {
            return "no user is named, so it is PGUSER or the system's: postgresql://USER@HOST/DATABASE names one"
        }
        if has("does not support SSL"), said["sslmode"] != nil {
            return "that server speaks no TLS: sslmode=prefer does without"
        }
        if has("no pg_hba.conf entry") || has("pg_hba.conf rejects") {
            return has("no encryption") && said["sslmode"] == "disable"
                ? "it may take connections with TLS only: without sslmode=disable it is tried"
                : "its pg_hba.conf has to let this user in from here"
        }
        if has("too many clients") || has("remaining connection slots") || has("too many connections") {
            return "a run takes a connection for each of its --jobs at each server, and one more"
        }
        if has(".s.PGSQL."), !has("FATAL"), said["host"] == nil, said["hostaddr"] == nil, said["service"] == nil {
            return "no host is named, so it is a socket of this machine: postgresql://HOST/DATABASE names one"
        }
        return nil
    }

    static func lacksDatabase(_ message: String) -> Bool {
        message.contains("database \"") && message.contains("does not exist")
    }

    /// The service that was meant.
    private static func services(near name: String) -> String {
        let files = serviceFiles
        let names = files.flatMap(ServiceFile.names)
        if let near = NearestWord.find(name, among: names) { return "did you mean service=\(near)?" }
        let shown = names.prefix(10).filter { HarmlessValue.isHarmless("service", $0) }
        return shown.isEmpty
            ? "services are defined in ~/.pg_service.conf, or the file that PGSERVICEFILE names"
            : "there are \(shown.joined(separator: ", "))"
    }

    /// Where libpq looks.
    private static var serviceFiles: [Path] {
        func variable(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }
        let own = variable("PGSERVICEFILE") ?? variable("HOME").map { $0 + "/.pg_service.conf" }
        let systems =
            variable("PGSYSCONFDIR").map { $0 + "/pg_service.conf" } ?? "/etc/postgresql-common/pg_service.conf"
        return [own, systems].compactMap { $0.map { Path(Array($0.utf8)) } }
    }
}

/// A file that defines services: `[name]`, then what it stands for.
enum ServiceFile {
    /// The services that it defines; none where it cannot be read.
    static func names(_ path: Path) -> [String] {
        let file = unsafe path.withCString { unsafe open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard file >= 0 else { return [] }
        defer { close(file) }
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
            count = unsafe max(0, read(file, buffer.baseAddress!, buffer.count))
        }
        return names(in: bytes)
    }

    static func names(in bytes: [UInt8]) -> [String] {
        bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
            guard line.first == UInt8(ascii: "["), line.contains(UInt8(ascii: "]")) else { return nil }
            return String(validating: line.dropFirst().prefix { $0 != UInt8(ascii: "]") }, as: UTF8.self)
        }
    }
}

extension PgcopyError {
    /// The same with another text, or with advice where the server gives none.
    func advised(_ message: String? = nil, hint: String? = nil) -> PgcopyError {
        PgcopyError(
            code, message ?? self.message, hint: hint ?? self.hint, endpoint: endpoint, server: server, causes: causes,
            detail: detail)
    }
}
