// What helps where there is no connection: by what libpq or a server said.

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
        let names = ServiceFile.names
        if let near = NearestWord.find(name, among: names) { return "did you mean service=\(near)?" }
        let shown = names.prefix(10).filter { HarmlessValue.isHarmless("service", $0) }
        return shown.isEmpty
            ? "services are defined in ~/.pg_service.conf, or the file that PGSERVICEFILE names"
            : "there are \(shown.joined(separator: ", "))"
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
