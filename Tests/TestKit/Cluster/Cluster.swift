// Role: a throw-away PostgreSQL cluster: made, started, stopped, removed.

import Glibc

/// A real server in a directory of its own, reachable by its unix socket and on 127.0.0.1.
///
/// It is stopped and removed by `remove()`, at the end of its life, and in any case when the test
/// process ends, even by SIGKILL. The superuser is `postgres`; durability is off.
public final class Cluster: Sendable {
    /// How a server is stopped.
    public enum StopMode: String, Sendable {
        /// Sessions are ended, transactions rolled back.
        case fast
        /// As a crash: the next start recovers.
        case immediate
    }

    /// The superuser of every cluster.
    public static let user = "postgres"
    /// His password where one is asked for (TLS).
    public static let password = "pass word%'\\"

    /// The host of TCP connections.
    public let host = "127.0.0.1"
    /// The port, of the TCP socket and in the name of the unix socket.
    public let port: Int
    /// The directory of the unix socket, and of everything else of the cluster.
    public var socketDirectory: String { directory }
    /// The server's log file.
    public var logFile: String { directory + "/server.log" }
    /// The certificate that signed the server's, nil without TLS.
    public var rootCertificate: String? { options.tls ? directory + "/ca.crt" : nil }
    /// What it was made with.
    public let options: ClusterOptions
    /// How long initdb and the first start took.
    public let startupTime: Duration

    let directory: String
    /// The directory of its version's programs.
    public let programs: String
    private let keeper: Keeper
    private let databaseCount = Monitor(0)
    let sweeper = DatabaseSweeper()

    /// Makes and starts a cluster. It throws, never skips, where there is no server to start.
    public init(_ options: ClusterOptions = ClusterOptions()) throws {
        self.options = options
        let begun = Deadline.now
        programs = try ServerBinaries.directory(version: options.version)
        directory = try makeTemporaryDirectory(prefix: "pgcopy-cluster")
        do {
            try expectRoom(in: directory)
            keeper = try Keeper(directory: directory, programs: programs)
        } catch {
            removeTree(directory)
            throw error
        }
        do {
            try ClusterFiles.make(in: directory, programs: programs, options: options, keeper: keeper)
            port = try Self.startOnFreePort(directory: directory, programs: programs, keeper: keeper)
        } catch {
            keeper.end()
            throw error
        }
        startupTime = Deadline.now.since(begun)
        if options.tls { try psql("ALTER USER \(Self.user) PASSWORD \(sqlLiteral(Self.password))") }
    }

    deinit { keeper.end() }

    /// Stops the server; `start()` starts it again on the same port.
    public func stop(_ mode: StopMode = .fast) throws {
        try keeper.run(["\(programs)/pg_ctl", "-D", "data", "-m", mode.rawValue, "-w", "stop"])
    }

    /// Starts a stopped server and waits until it takes connections.
    public func start() throws {
        try Self.start(port: port, directory: directory, programs: programs, keeper: keeper)
    }

    /// Stops the server and removes its directory. Twice does no harm.
    public func remove() { keeper.end() }

    /// A name that no database of this cluster has had.
    func freshDatabaseName() -> String {
        databaseCount.withLock { count in
            count += 1
            return "test_\(count)"
        }
    }

    private static func start(port: Int, directory: String, programs: String, keeper: Keeper) throws {
        let log = directory + "/server.log"
        do {
            try keeper.run([
                "\(programs)/pg_ctl", "-D", "data", "-l", log, "-o", "-p \(port)", "-w", "-t", "60", "start",
            ])
        } catch {
            let text = (try? readFile(log)).map { String(decoding: $0.suffix(3000), as: UTF8.self) } ?? ""
            throw KitError("the server does not start: \(error)\n--- its log\n\(text)")
        }
    }

    /// Between finding a free port and taking it another program may take it: try again.
    private static func startOnFreePort(directory: String, programs: String, keeper: Keeper) throws -> Int {
        for _ in 0..<5 {
            let port = try Listener.freePort()
            do {
                try start(port: port, directory: directory, programs: programs, keeper: keeper)
                return port
            } catch let error as KitError where error.description.contains("Address already in use") {}
        }
        throw KitError("found no free port on 127.0.0.1")
    }
}
