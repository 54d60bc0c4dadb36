// Role: talking to a cluster: connection strings, statements by psql, databases, backends.

import Glibc

extension Cluster {
    /// A URI over the unix socket, where nobody is asked for a password.
    public func conninfo(database: String = "postgres", _ parameters: [String: String] = [:]) -> String {
        let all = parameters.merging(["host": socketDirectory, "port": "\(port)"]) { wanted, _ in wanted }
        return "postgresql://\(Self.user)@/" + percentEncoded(database) + Self.query(all)
    }

    /// A URI over TCP; of a TLS cluster with `sslmode=verify-full` and, unless told otherwise, the password.
    public func tcpConninfo(
        database: String = "postgres", withPassword: Bool = true, _ parameters: [String: String] = [:]
    ) -> String {
        tcpConninfo(port: port, database: database, withPassword: withPassword, parameters)
    }

    /// The same to another port, a proxy's.
    func tcpConninfo(port: Int, database: String, withPassword: Bool, _ parameters: [String: String]) -> String {
        var all: [String: String] = [:]
        var login = Self.user
        if let rootCertificate {
            if withPassword { login += ":" + percentEncoded(Self.password) }
            all = ["sslmode": "verify-full", "sslrootcert": rootCertificate]
        }
        all.merge(parameters) { _, wanted in wanted }
        return "postgresql://\(login)@\(host):\(port)/" + percentEncoded(database) + Self.query(all)
    }

    private static func query(_ parameters: [String: String]) -> String {
        let pairs = parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\(percentEncoded($0.value))" }
        return pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
    }

    /// psql of the cluster's version, as a program to run with these arguments.
    public func psqlProgram(_ arguments: [String], conninfo: String) -> Program {
        let own = programs + "/psql"
        return Program(access(own, X_OK) == 0 ? own : "psql", ["-X", "-d", conninfo] + arguments)
    }

    /// Runs statements by psql, each in its own transaction, and gives the rows: unaligned, `|` between
    /// columns, no last line feed. Throws with stderr at the first error.
    @discardableResult
    public func psql(_ sql: String, database: String = "postgres") throws -> String {
        var program = psqlProgram(
            ["-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"],
            conninfo: conninfo(database: database, ["application_name": "test kit"])
        )
        program.environment["PGCLIENTENCODING"] = "UTF8"
        program.input = .bytes(Array(sql.utf8))
        program.timeout = .seconds(300)
        let result = try program.run()
        guard result.code == 0 else { throw KitError("psql: \(result.errors)--- \(sql)") }
        return result.output.last == "\n" ? String(result.output.dropLast()) : result.output
    }

    /// The definitions of a database as pg_dump writes them, in no order, without owners.
    /// - Parameter programs: where pg_dump is; nil: that of the cluster's version.
    public func definitions(
        database: String, _ arguments: [String] = [], programs: String? = nil
    ) throws -> [String] {
        let text = try Program(
            (programs ?? self.programs) + "/pg_dump",
            ["--schema-only", "--no-owner", "-E", "UTF8", "-d", conninfo(database: database)] + arguments
        ).run().expecting(0).output
        return text.split(separator: "\n--\n").map(String.init).filter {
            !$0.contains("\\restrict") && !$0.contains("\\unrestrict") && !$0.hasPrefix("-- Name: ")
                // As initdb has made it, which differs between versions.
                && !$0.contains("SCHEMA public") && !$0.contains("*not* creating schema")
        }.sorted()
    }

    /// Makes an empty database with a name of its own, which stays as long as the cluster, and gives the name.
    /// Most tests had better hold a `Database`.
    public func createDatabase(encoding: String? = nil) throws -> String {
        let name = freshDatabaseName()
        let encoding = encoding.map { " ENCODING \(sqlLiteral($0))" } ?? ""
        try psql("CREATE DATABASE \(name) TEMPLATE template0\(encoding)")
        return name
    }

    /// The pids of the sessions with this application_name.
    public func backends(applicationName: String) throws -> [Int32] {
        try psql("SELECT pid FROM pg_stat_activity WHERE application_name = \(sqlLiteral(applicationName)) ORDER BY 1")
            .split(separator: "\n").compactMap { Int32($0) }
    }

    /// How many sessions have this application_name.
    public func backendCount(applicationName: String) throws -> Int {
        try backends(applicationName: applicationName).count
    }

    /// Ends the sessions with this application_name as an administrator would, and gives how many they were.
    @discardableResult
    public func terminateBackends(applicationName: String) throws -> Int {
        let name = sqlLiteral(applicationName)
        return Int(
            try psql(
                """
                SELECT count(*) FILTER (WHERE pg_terminate_backend(pid))
                FROM pg_stat_activity WHERE application_name = \(name)
                """)) ?? 0
    }

    /// Waits until so many sessions have this application_name.
    public func waitForBackends(
        applicationName: String, count: Int, within timeout: Duration = .seconds(30)
    ) throws {
        try eventually("\(count) sessions of \(applicationName)", within: timeout) {
            try backendCount(applicationName: applicationName) == count
        }
    }
}
