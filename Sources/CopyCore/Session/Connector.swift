// Connecting: all servers at once, each by libpq's own rules.

internal import Synchronization

/// Opens many connections side by side.
///
/// libpq waits while it resolves names, tries one host after the other and keeps `connect_timeout`, so each
/// connection is made on a thread of its own while this one stays interruptible.
public struct Connector {
    private final class Attempt: Sendable {
        private let slot = Mutex<Connection?>(nil)
        let done = Atomic<Bool>(false)
        let pipe: WakePipe

        init(_ pipe: WakePipe) { self.pipe = pipe }

        func run(_ parameters: [(keyword: String, value: String)]) {
            slot.withLock { $0 = Connection(parameters) }
            done.store(true, ordering: .releasing)
            pipe.wake()
        }

        func take() -> Connection? { slot.withLock { $0.take() } }
    }

    private let poller: any Poller

    /// A connector that waits by this poller.
    public init(poller: any Poller) { self.poller = poller }

    /// Connects with each set of parameters; a failed attempt gives a connection that is not `isUsable`.
    /// libpq: PQconnectdbParams.
    public func connect(_ all: [[(keyword: String, value: String)]]) throws -> [Connection] {
        let attempts = try all.map { parameters in
            guard let pipe = WakePipe() else { throw SystemError.now("cannot make a pipe") }
            let attempt = Attempt(pipe)
            guard startThread({ attempt.run(parameters) }) else { throw SystemError.now("cannot start a thread") }
            return attempt
        }
        return try attempts.map { attempt in
            while !attempt.done.load(ordering: .acquiring) {
                try poller.wait(for: Interest(attempt.pipe.readEnd, .read))
            }
            guard let connection = attempt.take() else { throw PQError(message: "no connection was made") }
            return connection
        }
    }
}
