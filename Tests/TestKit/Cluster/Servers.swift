// Role: the clusters that all tests of a process share.

/// Four clusters, each made by an initdb of its own (so their system identifiers differ), started when
/// they are first asked for. Tests keep apart by making databases: `try Servers.source.createDatabase()`.
///
/// Do not stop these or end sessions that you did not start: other tests run at the same time.
/// Make a `Cluster` for that.
public enum Servers {
    /// Where data comes from.
    public static var source: Cluster { get throws { try lazySource.value() } }

    /// The first destination. The second is started along with it.
    public static var first: Cluster {
        get throws {
            lazySecond.begin()
            return try lazyFirst.value()
        }
    }

    /// The second destination. The first is started along with it.
    public static var second: Cluster {
        get throws {
            lazyFirst.begin()
            return try lazySecond.value()
        }
    }

    /// TLS with SCRAM over TCP.
    public static var tls: Cluster { get throws { try lazyTLS.value() } }

    /// The source and both destinations, started side by side.
    public static func all() throws -> (source: Cluster, first: Cluster, second: Cluster) {
        lazySource.begin()
        return (try source, try first, try second)
    }

    /// Every version that can be had, in order: those of `.ci/server-versions` and the one that all other tests use.
    public static func versions() throws -> [Int] {
        Set(ServerBinaries.others + [try ServerBinaries.ownVersion()]).sorted()
    }

    /// A server of a major version. All that there are start along with it.
    public static func version(_ version: Int) throws -> Cluster {
        if try version == ServerBinaries.ownVersion() { return try source }
        guard let cluster = lazyVersions[version] else { throw KitError("no PostgreSQL \(version) for the tests") }
        for other in lazyVersions.values { other.begin() }
        return try cluster.value()
    }

    private static let lazyVersions = Dictionary(
        uniqueKeysWithValues: ServerBinaries.others.map { ($0, LazyCluster(ClusterOptions(version: $0))) })
    private static let lazySource = LazyCluster(ClusterOptions())
    private static let lazyFirst = LazyCluster(ClusterOptions())
    private static let lazySecond = LazyCluster(ClusterOptions())
    private static let lazyTLS = LazyCluster(ClusterOptions(tls: true))
}

/// A cluster that starts once, in the background.
private final class LazyCluster: Sendable {
    private struct State {
        var hasBegun = false
        var cluster: Result<Cluster, any Error>?
    }

    private let state = Monitor(State())
    private let options: ClusterOptions

    init(_ options: ClusterOptions) { self.options = options }

    func begin() {
        let mustStart = state.withLock { state in
            defer { state.hasBegun = true }
            return !state.hasBegun
        }
        guard mustStart else { return }
        Thread {
            let result = Result { try Cluster(self.options) }
            self.state.withLock { $0.cluster = result }
        }.detach()
    }

    func value() throws -> Cluster {
        begin()
        let result = state.wait(until: .after(.seconds(180))) { $0.cluster }
        guard let result else { throw KitError("the server did not start within three minutes") }
        return try result.get()
    }
}
