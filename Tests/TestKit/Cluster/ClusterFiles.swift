// Role: what is on disk before a cluster starts: initdb's work, our settings, certificates.

import Glibc

/// Makes the data directory. Everything is run by the keeper, as the cluster's user.
enum ClusterFiles {
    static func make(in directory: String, programs: String, options: ClusterOptions, keeper: Keeper) throws {
        if let backup = options.backup {
            try keeper.run(
                [
                    "\(programs)/pg_basebackup", "-D", "data", "-d",
                    backup.primary.conninfo(), "-X", "stream", "-c", "fast", "--no-sync",
                ] + (backup.isStandby ? ["-R"] : []))
            return try append(settings(directory, options), to: directory + "/data/postgresql.conf")
        }
        try keeper.run([
            "\(programs)/initdb", "-D", "data", "--no-sync", "-A", "trust", "-U", Cluster.user,
            "-E", options.encoding, "--locale=C",
        ])
        if options.tls { for command in certificates { try keeper.run(command) } }
        try append(settings(directory, options), to: directory + "/data/postgresql.conf")
        if options.tls { try writeFile(directory + "/data/pg_hba.conf", Array(tlsAccess.utf8)) }
    }

    /// Fast, for clusters that never outlive a test run; but what was committed survives `stop(.immediate)`.
    private static func settings(_ directory: String, _ options: ClusterOptions) -> String {
        var lines = [
            "", "# the test kit's",
            "listen_addresses = '127.0.0.1'",
            "unix_socket_directories = '\(directory)'",
            "max_connections = 100",
            "max_prepared_transactions = 10",
            "shared_buffers = 16MB",
            "fsync = off",
            "full_page_writes = off",
            "autovacuum = off",
            "checkpoint_timeout = 1h",
            // All clusters of a run share one disk. Who needs a standby adds wal_level and max_wal_senders.
            "wal_level = minimal",
            "max_wal_senders = 0",
            "min_wal_size = 32MB",
            "max_wal_size = 64MB",
            "checkpoint_warning = 0",
            "timezone = 'UTC'",
            "log_line_prefix = '%m [%p] %a '",
        ]
        if options.tls {
            lines += [
                "password_encryption = 'scram-sha-256'",
                "ssl = on",
                "ssl_cert_file = '\(directory)/server.crt'",
                "ssl_key_file = '\(directory)/server.key'",
            ]
        }
        return (lines + options.settings).map { $0 + "\n" }.joined()
    }

    private static let tlsAccess = """
        local   all all                trust
        hostssl all all 127.0.0.1/32   scram-sha-256

        """

    /// An authority, a key, a certificate for 127.0.0.1: `ca.crt`, `server.key`, `server.crt`.
    private static let certificates: [[String]] = [
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", "/CN=pgcopy test authority", "-keyout", "ca.key", "-out", "ca.crt",
        ],
        [
            "openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
            "-keyout", "server.key", "-out", "server.csr",
        ],
        [
            "openssl", "x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", "2", "-copy_extensions", "copy", "-out", "server.crt",
        ],
    ]

    private static func append(_ text: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        guard descriptor >= 0 else { throw KitError("cannot open \(path): \(describe())") }
        defer { close(descriptor) }
        try writeAll(descriptor, Array(text.utf8))
    }
}
