// Role: a TCP proxy in front of a cluster that lets things go wrong at exact places.

import Glibc

/// A proxy on 127.0.0.1 between clients and a server. Without armed faults it changes nothing.
///
///     let proxy = try FaultProxy(to: Servers.first)
///     proxy.arm(.reset, at: .copyBytes(12_345))
///     … run against proxy.conninfo(database: name) …
///     try proxy.waitUntilTriggered()
///
/// It works on a thread of its own and stops at the end of its life; that is allowed to be right after
/// the last line that names it, so end a test by asking it something or by `stop()`. A stall holds no lock and needs no
/// thread, so any number of connections can be stalled.
public final class FaultProxy: Sendable {
    /// How the proxy reaches a cluster.
    public enum Route: Sendable {
        /// By TCP: a reset reaches the server as RST.
        case tcp
        /// By the unix socket.
        case unixSocket
    }

    /// Its host.
    public let host = "127.0.0.1"
    /// Its port.
    public var port: Int { loop.port }
    private let loop: ProxyLoop
    private let thread: Thread
    private let cluster: Cluster?

    /// A proxy in front of a cluster.
    public convenience init(to cluster: Cluster, by route: Route = .tcp) throws {
        let upstream: Upstream =
            switch route {
            case .tcp: .tcp(port: cluster.port)
            case .unixSocket: .unix(path: "\(cluster.socketDirectory)/.s.PGSQL.\(cluster.port)")
            }
        try self.init(upstream, cluster)
    }

    /// A proxy in front of whatever listens on a port of 127.0.0.1.
    public convenience init(toPort port: Int) throws { try self.init(.tcp(port: port), nil) }

    private init(_ upstream: Upstream, _ cluster: Cluster?) throws {
        self.cluster = cluster
        let loop = try ProxyLoop(to: upstream)
        self.loop = loop
        thread = Thread { loop.run() }
    }

    deinit { stop() }

    /// A URI through the proxy. Plain clusters are reached without encryption, so that the proxy sees
    /// the messages; TLS clusters with `sslmode=verify-full` and the password.
    public func conninfo(database: String = "postgres", _ parameters: [String: String] = [:]) -> String {
        var all = ["gssencmode": "disable"]
        if cluster?.options.tls != true { all["sslmode"] = "disable" }
        all.merge(parameters) { _, wanted in wanted }
        guard let cluster else {
            let query = all.sorted { $0.key < $1.key }.map { "\($0.key)=\(percentEncoded($0.value))" }
            return "postgresql://\(Cluster.user)@\(host):\(port)/\(percentEncoded(database))?"
                + query.joined(separator: "&")
        }
        return cluster.tcpConninfo(port: port, database: database, withPassword: true, all)
    }

    // MARK: Faults

    /// Arms a fault. It happens at most once per connection, and on `times` connections in all.
    ///
    /// - Parameters:
    ///   - fault: What happens.
    ///   - direction: To which direction it happens.
    ///   - trigger: When it happens.
    ///   - watched: In which direction the trigger is looked for, when that is another one: with
    ///     `.copyMessages(5), of: .toServer` a notice can be injected towards a client that sends COPY data.
    ///   - choice: On which connections.
    ///   - times: On how many of them.
    public func arm(
        _ fault: Fault, direction: Direction = .toClient, at trigger: Trigger = .now, of watched: Direction? = nil,
        on choice: ConnectionChoice = .first, times: Int = 1
    ) {
        loop.change { state in
            state.nextID += 1
            state.armed.append(
                ArmedFault(
                    id: state.nextID, fault: fault, direction: direction, trigger: trigger,
                    watched: trigger.ownDirection ?? watched ?? direction, choice: choice, timesLeft: times
                ))
        }
    }

    /// Forgets the faults that have not happened.
    public func disarm() { loop.change { $0.armed = [] } }

    /// Ends all stalls.
    public func resume() {
        loop.change { state in
            for connection in state.connections {
                connection.toServer.resume()
                connection.toClient.resume()
            }
        }
    }

    /// Ends all present connections with RST.
    public func resetConnections() {
        loop.change { state in
            for connection in state.connections { connection.reset() }
        }
    }

    /// Refuses new connections with ECONNREFUSED, as when no server runs. Those that exist go on.
    public func refuseNewConnections() { loop.refuse() }

    /// Takes new connections again.
    public func acceptNewConnections() throws { try loop.takeAgain() }

    /// Delays everything that comes from now on by so much, without making the line narrower.
    public func delay(toServer: Duration = .zero, toClient: Duration = .zero) {
        loop.change { $0.delays = [.toServer: toServer, .toClient: toClient].filter { $0.value > .zero } }
    }

    // MARK: Looking

    /// How many faults have happened.
    public var faultCount: Int { loop.state.withLock { $0.fired } }

    /// What has been counted so far.
    public var counters: ProxyCounters { loop.state.withLock { $0.counters } }

    /// How many connections are open.
    public var openConnections: Int { loop.state.withLock { $0.connections.count } }

    /// Waits until so many faults have happened.
    public func waitUntilTriggered(count: Int = 1, within timeout: Duration = .seconds(30)) throws {
        let happened = loop.state.wait(until: .after(timeout)) { $0.fired >= count ? true : nil }
        guard happened != nil else { throw KitError("the proxy's fault did not happen within \(timeout): \(counters)") }
    }

    /// Waits until the counters are as wanted, for instance until so many bytes have passed.
    public func wait(
        within timeout: Duration = .seconds(30), until condition: (ProxyCounters) -> Bool
    ) throws {
        let happened = loop.state.wait(until: .after(timeout)) { condition($0.counters) ? true : nil }
        guard happened != nil else { throw KitError("the proxy waited \(timeout) in vain: \(counters)") }
    }

    /// Ends all connections and the proxy. Twice does no harm.
    public func stop() {
        let wasStopped = loop.change { state in
            defer { state.isStopped = true }
            return state.isStopped
        }
        if !wasStopped { thread.join() }
    }
}
