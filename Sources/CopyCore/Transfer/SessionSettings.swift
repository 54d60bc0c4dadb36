// The settings every session of a transfer runs under, whatever a role's or database's defaults are.

/// Pins a session so that both sides write and read values alike.
enum SessionSettings {
    /// As one string of statements.
    /// - Parameters:
    ///   - keepLockTimeout: the user gave one with the connection.
    ///   - pinsMoney: both sides are servers: amounts are to mean the same to both, not to whoever reads a file.
    static func statements(_ connection: Connection, keepLockTimeout: Bool, pinsMoney: Bool) -> String {
        settings(connection, keepLockTimeout, pinsMoney).map { "SET \($0.name) = '\($0.value)'" }.joined(
            separator: "; ")
    }

    /// As one statement, which a pipeline takes: for the open transaction only, since the session behind a pooler is
    /// another client's afterwards. Its first value is the number of the backend.
    static func statement(_ connection: Connection, keepLockTimeout: Bool, pinsMoney: Bool) -> String {
        let calls = settings(connection, keepLockTimeout, pinsMoney).map {
            "pg_catalog.set_config('\($0.name)', '\($0.value)', true)"
        }
        return "SELECT pg_catalog.pg_backend_pid(), " + calls.joined(separator: ", ")
    }

    private static func settings(
        _ connection: Connection, _ keepLockTimeout: Bool, _ pinsMoney: Bool
    ) -> [(name: String, value: String)] {
        // Where a database knows no encoding, bytes are passed on as they are.
        let isUnknown = connection.parameterStatus("server_encoding") == "SQL_ASCII"
        var settings = [
            ("client_encoding", isUnknown ? "SQL_ASCII" : "UTF8"),
            ("datestyle", "ISO"),
            ("intervalstyle", "postgres"),
            ("extra_float_digits", "3"),
            ("bytea_output", "hex"),
            ("xmloption", "content"),
            ("array_nulls", "on"),
            ("standard_conforming_strings", "on"),
            // Rows of a table always come in the same order.
            ("synchronize_seqscans", "off"),
            ("row_security", "off"),
            ("application_name", "pgcopy"),
            ("statement_timeout", "0"),
            ("idle_in_transaction_session_timeout", "0"),
        ]
        if pinsMoney { settings.append(("lc_monetary", "C")) }
        if !keepLockTimeout { settings.append(("lock_timeout", "0")) }
        let serverVersion = connection.serverVersion
        if serverVersion >= 140_000 { settings.append(("idle_session_timeout", "0")) }
        if serverVersion >= 170_000 { settings.append(("transaction_timeout", "0")) }
        return settings.map { (name: $0.0, value: $0.1) }
    }

    /// Whether the user set lock_timeout where a connection is made.
    static func givesLockTimeout(_ options: String?) -> Bool { options?.contains("lock_timeout") ?? false }
}
