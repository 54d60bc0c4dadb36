// The settings every session of a transfer runs under, whatever a role's or database's defaults are.

/// Pins a session so that both sides write and read values alike.
enum SessionSettings {
    /// As one string of statements.
    /// - Parameter pinsMoney: both sides are servers: amounts are to mean the same to both, not to whoever reads a file.
    static func statements(_ connection: Connection, pinsMoney: Bool) -> String {
        var settings = guards(connection) + values(pinsMoney)
        if ServerVersion(connection.serverVersion).endsIdleSessions { settings.append(("idle_session_timeout", "0")) }
        return settings.map { "SET \($0.name) = '\($0.value)'" }.joined(separator: "; ")
    }

    /// What `first` leaves, as one statement, which a pipeline takes: for the open transaction only, since the session
    /// behind a pooler is another client's afterwards. Its first value is the number of the backend.
    /// - Parameters:
    ///   - deadLink: seconds, as in `Preparation.Role`; nil: leave it to the server.
    ///   - noticesClient: as `noticingClient`, where `canNoticeClient`: then there is a value at `noticingPlace`.
    static func statement(pinsMoney: Bool, deadLink seconds: Int?, noticesClient: Bool) -> String {
        var calls: [String] = []
        if noticesClient {
            calls.append(
                """
                CASE WHEN \(canNoticeClient) \
                THEN pg_catalog.set_config('client_connection_check_interval', '\(noticingInterval)', true) END
                """)
        }
        calls += values(pinsMoney).map { "pg_catalog.set_config('\($0.name)', '\($0.value)', true)" }
        if let seconds { calls.append(deadLinkSettings(seconds)) }
        return "SELECT pg_catalog.pg_backend_pid(), " + calls.joined(separator: ", ")
    }

    /// A backend that waits for a lock is to notice that its client was killed: it would stand in everybody's way.
    static let noticingClient = "SET LOCAL client_connection_check_interval = '\(noticingInterval)'"
    private static let noticingInterval = "2s"
    static let noticingPlace = 1

    /// A condition: the server's system can tell it (14, on Linux), and nobody has set it.
    static let canNoticeClient = """
        pg_catalog.strpos(pg_catalog.version(), 'linux') OPERATOR(pg_catalog.>) 0 \
        AND pg_catalog.current_setting('client_connection_check_interval', true) OPERATOR(pg_catalog.=) '0'
        """

    /// A server that waits for rows over a link that is dead sends nothing, and so never notices: it is to ask. Where
    /// nobody gave it settings of its own; it holds the table's locks until then.
    private static func deadLinkSettings(_ seconds: Int) -> String {
        let idle = min(30, max(1, seconds / 2))
        let interval = deadLinkInterval
        let values = [
            ("tcp_user_timeout", seconds * 1000), ("tcp_keepalives_idle", idle), ("tcp_keepalives_interval", interval),
            // Linux takes no more than 127, and goes by tcp_user_timeout where that is set.
            ("tcp_keepalives_count", min(127, max(1, (seconds - idle + interval - 1) / interval))),
        ]
        let list = values.map { "('\($0.0)', '\($0.1)')" }.joined(separator: ", ")
        return """
            (SELECT pg_catalog.count(pg_catalog.set_config(s.name, v.value, true)) FROM pg_catalog.pg_settings s \
            JOIN (VALUES \(list)) v(name, value) ON v.name::pg_catalog.text OPERATOR(pg_catalog.=) s.name \
            WHERE s.source OPERATOR(pg_catalog.=) 'default')
            """
    }

    /// Seconds between two probes.
    static let deadLinkInterval = 10
    static let deadLinkSettingCount = 4

    /// How long each lock is waited for, until the transaction ends.
    static func lockTimeout(_ duration: Duration) -> String {
        "SET LOCAL lock_timeout = '\(Int(duration.seconds * 1000))ms'"
    }

    /// Triggers, rules and foreign keys do nothing, but for those that are to fire for replicas.
    static let withoutTriggers = "SET LOCAL session_replication_role = 'replica'"

    /// What has to be so before anything is named or waited for; nothing takes a snapshot here.
    static func first(_ connection: Connection) -> [String] {
        // Each by itself: what a SELECT sets is planned, and perhaps compiled (jit).
        guards(connection).map { "SET LOCAL \($0.name) = '\($0.value)'" }
    }

    /// Nothing ends the session; names are UTF-8, and the user's SQL is read as everywhere else.
    private static func guards(_ connection: Connection) -> [(name: String, value: String)] {
        var settings = [
            (name: "statement_timeout", value: "0"), ("idle_in_transaction_session_timeout", "0"),
            ("client_encoding", encoding(connection)), ("standard_conforming_strings", "on"),
        ]
        // A role's or database's default is nobody's wish.
        if !connection.isGiven("lock_timeout") { settings.append(("lock_timeout", "0")) }
        if ServerVersion(connection.serverVersion).endsTransactions { settings.append(("transaction_timeout", "0")) }
        return settings
    }

    /// Whether the session's own settings are those, as far as they say how SQL is read.
    static func readsAsWritten(_ connection: Connection) -> Bool {
        connection.parameterStatus("client_encoding") == encoding(connection)
            && connection.parameterStatus("standard_conforming_strings") == "on"
    }

    /// Where a database knows no encoding, bytes are passed on as they are.
    static func encoding(_ connection: Connection) -> String {
        connection.parameterStatus("server_encoding") == "SQL_ASCII" ? "SQL_ASCII" : "UTF8"
    }

    /// What values look like, and the order of rows.
    private static func values(_ pinsMoney: Bool) -> [(name: String, value: String)] {
        let settings = [
            (name: "datestyle", value: "ISO"), ("intervalstyle", "postgres"), ("extra_float_digits", "3"),
            ("bytea_output", "hex"), ("xmloption", "content"), ("array_nulls", "on"),
            // Rows of a table always come in the same order.
            ("synchronize_seqscans", "off"), ("row_security", "off"), ("application_name", "pgcopy"),
        ]
        return pinsMoney ? settings + [("lc_monetary", "C")] : settings
    }
}
