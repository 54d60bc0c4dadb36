// The settings every session of a transfer runs under, whatever a role's or database's defaults are.

/// Pins a session so that both sides write and read values alike.
enum SessionSettings {
    /// As one string of statements.
    /// - Parameter keepLockTimeout: the user gave one with the connection.
    static func statements(serverVersion: Int, keepLockTimeout: Bool) -> String {
        settings(serverVersion, keepLockTimeout).map { "SET \($0.name) = '\($0.value)'" }.joined(separator: "; ")
    }

    /// As one statement, which a pipeline takes.
    static func statement(serverVersion: Int, keepLockTimeout: Bool) -> String {
        let calls = settings(serverVersion, keepLockTimeout).map {
            "pg_catalog.set_config('\($0.name)', '\($0.value)', false)"
        }
        return "SELECT " + calls.joined(separator: ", ")
    }

    private static func settings(_ serverVersion: Int, _ keepLockTimeout: Bool) -> [(name: String, value: String)] {
        var settings = [
            ("client_encoding", "UTF8"),
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
        if !keepLockTimeout { settings.append(("lock_timeout", "0")) }
        if serverVersion >= 140_000 { settings.append(("idle_session_timeout", "0")) }
        if serverVersion >= 170_000 { settings.append(("transaction_timeout", "0")) }
        return settings.map { (name: $0.0, value: $0.1) }
    }

    /// Whether the user set lock_timeout where a connection is made.
    static func givesLockTimeout(_ options: String?) -> Bool { options?.contains("lock_timeout") ?? false }
}
