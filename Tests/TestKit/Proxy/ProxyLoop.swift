// Role: the proxy's one thread: poll, accept, read, let every connection take its turn.

import Glibc

/// Where a proxy leads to.
enum Upstream: Sendable {
    case tcp(port: Int)
    case unix(path: String)

    /// A new connection, nil when it is refused.
    func connect() -> Int32? {
        switch self {
        case .tcp(let port): Listener.connect(port: port)
        case .unix(let path): Listener.connect(path: path)
        }
    }
}

/// The listening socket and the thread behind it.
final class ProxyLoop: Sendable {
    let state = Monitor(ProxyState())
    let port: Int
    private let upstream: Upstream
    private let listener: Int32
    private let wakeReading: Int32
    private let wakeWriting: Int32

    init(to upstream: Upstream) throws {
        self.upstream = upstream
        (port, listener) = try Self.listen()
        setNonBlocking(listener)
        (wakeReading, wakeWriting) = try makePipe()
        setNonBlocking(wakeReading)
        setNonBlocking(wakeWriting)
    }

    deinit {
        for descriptor in [listener, wakeReading, wakeWriting] { close(descriptor) }
    }

    /// A port bound by its number: only such a socket keeps it while it does not listen.
    private static func listen() throws -> (Int, Int32) {
        for _ in 0..<20 {
            let port = try Listener.freePort()
            guard let listener = try? Listener.bound(to: port) else { continue }
            if Glibc.listen(listener, 128) == 0 { return (port, listener) }
            close(listener)
        }
        throw KitError("found no free port for a proxy")
    }

    /// Changes the state, and lets the thread act on it.
    func change<Answer>(_ body: (inout ProxyState) throws -> Answer) rethrows -> Answer {
        defer { _ = write(wakeWriting, "!", 1) }
        return try state.withLock(body)
    }

    /// Refuses connections with ECONNREFUSED.
    func refuse() {
        change { state in
            state.refuses = true
            shutdown(listener, Int32(SHUT_RDWR))
        }
    }

    /// Takes connections again.
    func takeAgain() throws {
        try change { state in
            guard Glibc.listen(listener, 128) == 0 else { throw KitError("listen on \(port): \(describe())") }
            state.refuses = false
        }
    }

    /// Runs until the state says to stop.
    func run() {
        while true {
            var polled: [pollfd] = []
            var reads: [(ProxyConnection, Direction)?] = []
            let timeout = state.withLock { state -> Int32? in
                for connection in state.connections { connection.step(&state) }
                state.connections.removeAll { $0.isGone }
                if state.isStopped {
                    for connection in state.connections { connection.reset() }
                    state.connections = []
                    return nil
                }
                return prepare(state, &polled, &reads)
            }
            guard let timeout else { return }
            _ = poll(&polled, nfds_t(polled.count), timeout)
            state.withLock { state in
                for (entry, read) in zip(polled, reads) where entry.revents != 0 {
                    if let (connection, direction) = read { connection.read(direction) }
                }
                drainWakes()
                if !state.refuses { accept(&state) }
            }
        }
    }

    private func prepare(
        _ state: ProxyState, _ polled: inout [pollfd], _ reads: inout [(ProxyConnection, Direction)?]
    ) -> Int32 {
        func watch(_ descriptor: Int32, _ events: Int32, _ read: (ProxyConnection, Direction)? = nil) {
            polled.append(pollfd(fd: descriptor, events: Int16(events), revents: 0))
            reads.append(read)
        }
        watch(wakeReading, POLLIN)
        if !state.refuses { watch(listener, POLLIN) }
        let now = Deadline.now
        var alarm: Deadline?
        for connection in state.connections {
            for direction in Direction.allCases {
                let lane = connection.lane(direction)
                if lane.wantsInput(state) { watch(connection.source(direction), POLLIN, (connection, direction)) }
                let waiting = lane.waiting(at: now)
                if waiting.forRoom { watch(connection.target(direction), POLLOUT) }
                if let moment = waiting.until { alarm = min(alarm ?? moment, moment) }
            }
        }
        return alarm?.pollTimeout ?? -1
    }

    private func drainWakes() {
        var bytes: [UInt8] = []
        while readSome(wakeReading, into: &bytes) > 0 {}
    }

    private func accept(_ state: inout ProxyState) {
        while true {
            let client = GNU.accept4(listener, nil, nil, Int32(SOCK_CLOEXEC.rawValue))
            guard client >= 0 else { return }
            state.counters.connections += 1
            if let server = upstream.connect() {
                state.connections.append(ProxyConnection(client: client, server: server))
            } else {
                close(client)
            }
        }
    }
}
