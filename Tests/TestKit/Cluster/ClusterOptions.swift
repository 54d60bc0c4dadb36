// Role: what a test may ask of a cluster.

/// How a cluster is made.
public struct ClusterOptions: Sendable {
    /// Lines added at the end of postgresql.conf.
    public var settings: [String]
    /// The encoding of template0 and of databases made without one.
    public var encoding: String
    /// Over TCP only TLS with SCRAM is let in; over the unix socket everyone, as without it.
    public var tls: Bool
    /// The server's major version; nil: the one that all other tests use.
    public var version: Int?
    /// Made of another cluster's base backup instead of by initdb: its rows, its system identifier.
    public var backup: Backup?

    /// What is made of a base backup.
    public struct Backup: Sendable {
        /// Whose; it is to have wal_level = replica and max_wal_senders.
        public var primary: Cluster
        /// Replays what the primary writes; else a server of its own.
        public var isStandby: Bool

        /// A backup of this cluster.
        public init(of primary: Cluster, isStandby: Bool) {
            self.primary = primary
            self.isStandby = isStandby
        }
    }

    /// UTF8, no TLS, nothing added.
    public init(
        settings: [String] = [], encoding: String = "UTF8", tls: Bool = false, version: Int? = nil,
        backup: Backup? = nil
    ) {
        self.settings = settings
        self.encoding = encoding
        self.tls = tls
        self.version = version
        self.backup = backup
    }
}
