// Role: a database of a test's own, which goes when the test has gone.

import Glibc

/// A database with a name of its own, dropped some time after the last reference to it is gone.
///
/// Hold it as long as it is used: what every test of a run makes does not fit on a small disk. One that still has
/// sessions then stays until they have ended.
public final class Database: Sendable {
    /// Where it is.
    public let cluster: Cluster
    /// Its name, which no other database of the cluster has had.
    public let name: String

    /// Makes an empty database.
    public init(on cluster: Cluster, encoding: String? = nil) throws {
        self.cluster = cluster
        name = try cluster.createDatabase(encoding: encoding)
    }

    deinit { cluster.sweeper.add(name, of: cluster) }

    /// A URI over the unix socket.
    public var conninfo: String { cluster.conninfo(database: name) }
}

/// Drops databases in the background, several at a time: each drop is a checkpoint.
final class DatabaseSweeper: Sendable {
    private struct State {
        var waiting: [String] = []
        var enough = DatabaseSweeper.batch
        var isSweeping = false
    }

    private static let batch = 8
    private let state = Monitor(State())

    /// Nobody refers to this database any more.
    func add(_ name: String, of cluster: Cluster) {
        let begins = state.withLock { state in
            state.waiting.append(name)
            guard !state.isSweeping, state.waiting.count >= state.enough else { return false }
            state.isSweeping = true
            return true
        }
        guard begins else { return }
        Thread { [weak cluster] in self.sweep { try cluster?.drop($0) ?? [] } }.detach()
    }

    /// Drops what can be; what still has sessions waits for the next time.
    private func sweep(_ drop: ([String]) throws -> [String]) {
        var goesOn = true
        while goesOn {
            let names = state.withLock { state in
                defer { state.waiting = [] }
                return state.waiting
            }
            // A server that a test has stopped, or that is no more, has nothing that would matter.
            let left = (try? drop(names)) ?? names
            goesOn = state.withLock { state in
                state.waiting = left + state.waiting
                state.enough = left.count + Self.batch
                state.isSweeping = state.waiting.count >= state.enough
                return state.isSweeping
            }
        }
    }
}

extension Cluster {
    /// Drops those of these databases that nobody is connected to, and gives those that are left.
    fileprivate func drop(_ names: [String]) throws -> [String] {
        let list = names.map(sqlLiteral).joined(separator: ", ")
        return try psql(
            """
            \\set ON_ERROR_STOP off
            SELECT format('DROP DATABASE %I', datname) FROM pg_database d WHERE datname IN (\(list))
            AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid) \\gexec
            SELECT datname FROM pg_database WHERE datname IN (\(list))
            """
        ).split(separator: "\n").map(String.init)
    }
}
