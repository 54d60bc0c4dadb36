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

    /// UTF8, no TLS, nothing added.
    public init(settings: [String] = [], encoding: String = "UTF8", tls: Bool = false, version: Int? = nil) {
        self.settings = settings
        self.encoding = encoding
        self.tls = tls
        self.version = version
    }
}
