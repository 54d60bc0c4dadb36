// Role: PgBouncer in front of a cluster.

import Glibc

/// A PgBouncer in transaction pooling: each transaction gets the session that is free, which another client had before.
public final class Bouncer: Sendable {
    /// Its port on 127.0.0.1.
    public let port: Int
    private let program: RunningProgram
    private let directory: TemporaryDirectory

    /// Starts one with so many sessions of each database at most.
    /// - Parameter other: with which it shares its port: the system deals connections to either, as a balancer does.
    public init(to cluster: Cluster, sessions: Int = 20, besides other: Bouncer? = nil) throws {
        directory = try TemporaryDirectory()
        port = try other?.port ?? Listener.freePort()
        let file = try directory.write(
            Array(
                """
                [databases]
                * = host=\(cluster.socketDirectory) port=\(cluster.port) user=\(Cluster.user)
                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = \(port)
                unix_socket_dir =
                auth_type = any
                so_reuseport = 1
                pool_mode = transaction
                default_pool_size = \(sessions)
                ignore_startup_parameters = extra_float_digits

                """.utf8), to: "pgbouncer.ini")
        var command = ["pgbouncer", file]
        // It refuses to run as root.
        if geteuid() == 0 { command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] + command }
        var description = Program(command[0], Array(command.dropFirst()))
        // Debian's lies there, and not everybody's PATH goes there.
        description.environment["PATH", default: ""] += ":/usr/sbin"
        description.timeout = .seconds(600)
        program = try description.start()
        try program.waitForOutput(containing: "process up")
    }

    deinit { program.kill() }

    /// A URI of a database through it.
    public func conninfo(database: String) -> String {
        "postgresql://\(Cluster.user)@127.0.0.1:\(port)/\(percentEncoded(database))"
    }
}
