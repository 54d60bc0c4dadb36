// Many parts on many streams, in one poll.

/// Parts that no stream has taken yet; pure.
struct PartQueue: Sendable {
    private var parts: [Part]

    /// Of parts of one size the first one given comes first.
    init(_ parts: [Part]) {
        self.parts = parts.enumerated().sorted { ($1.element.size, $0.offset) < ($0.element.size, $1.offset) }
            .reversed().map(\.element)
    }

    var isEmpty: Bool { parts.isEmpty }

    /// The largest one left.
    mutating func take() -> Part? { parts.popLast() }
}

/// Copies parts on several streams side by side: whichever is free takes the largest part that is left.
///
/// A stream is a source session and one session at each destination, each in a transaction of its own. What fails on one
/// stops all: their connections are brought back, and nothing is committed here.
final class Streams {
    /// Makes the copy of a part on a stream, by its number from 0 on.
    typealias Making = (_ part: Part, _ stream: Int) throws -> CopyManager
    /// Called with what came of each cycle of a part's copy.
    typealias Handling = (_ part: Part, _ stream: Int, CopyEvent, CopyManager) throws -> Void

    private let poller: any Poller
    private let make: Making
    private let handle: Handling
    private var queue: PartQueue
    private var tasks: [StreamTask] = []
    /// What stopped all, and whose part it was.
    private var failure: (any Error)?
    /// What became of the copies that were not completed, the first one first.
    private(set) var failures: [CopyFail] = []
    /// What was copied, part by part in the order in which they ended.
    private(set) var done: [(part: Part, stream: Int, totals: Totals)] = []

    init(_ parts: [Part], count: Int, poller: any Poller, make: @escaping Making, handle: @escaping Handling) {
        self.poller = poller
        self.make = make
        self.handle = handle
        queue = PartQueue(parts)
        tasks = (0..<count).map { StreamTask($0, self) }
    }

    /// Runs to the end.
    /// - Throws: what failed first, a part's as `PgcopyError` with `.part`; `Interrupted`.
    func run() throws {
        do {
            try poller.run(tasks)
        } catch {
            stopAll(because: error)
            _ = try? poller.run(tasks, interruptible: false)
        }
        if let failure { throw failure }
    }

    /// The next part for a stream; nil: there is none left, or all are to stop.
    fileprivate func begin(on stream: Int) throws -> (Part, CopyTask)? {
        guard failure == nil, let part = queue.take() else { return nil }
        let manager = try make(part, stream)
        return (part, CopyTask(manager) { [unowned self] event, manager in try handle(part, stream, event, manager) })
    }

    fileprivate func ended(_ part: Part, _ stream: Int, _ task: CopyTask) {
        if let error = task.failure {
            failures.append(error)
            stopAll(because: PgcopyError.part(part, stream: stream, error))
        } else {
            done.append((part, stream, task.manager.producer.totals))
        }
    }

    fileprivate func stopAll(because error: any Error) {
        // The first one is what is told; the others follow from it.
        guard failure == nil else { return }
        failure = error
        for task in tasks { task.stop(error) }
    }
}

extension PgcopyError {
    /// A part that could not be copied on a stream, which are counted from 0.
    static func part(_ part: Part, stream: Int, _ error: CopyFail) -> PgcopyError {
        PgcopyError(.part, "\(part.label): \(error)", causes: [error], detail: (part: part, stream: stream))
    }

    /// Which part it was, and on which stream.
    var place: (part: Part, stream: Int)? { detail as? (part: Part, stream: Int) }
}

/// One stream: a copy after the other.
private final class StreamTask: LoopTask {
    private let number: Int
    private unowned let streams: Streams
    private var part: Part?
    private var copy: CopyTask?

    init(_ number: Int, _ streams: Streams) {
        self.number = number
        self.streams = streams
    }

    func step(_ polled: ArraySlice<PollEntry>) throws {
        var polled = polled
        repeat {
            if copy == nil { (part, copy) = try streams.begin(on: number) ?? (nil, nil) }
            guard let copy else { return }
            try copy.step(polled)
            guard copy.isOver else { return }
            end(copy)
            polled = []
        } while true
    }

    /// What it is at is undone.
    func stop(_ error: any Error) {
        guard let copy else { return }
        copy.stop(error)
        if copy.isOver { end(copy) }
    }

    private func end(_ copy: CopyTask) {
        guard let part = part.take() else { return }
        self.copy = nil
        streams.ended(part, number, copy)
    }

    func watch(_ entries: inout [PollEntry]) -> Bool { copy?.watch(&entries) ?? false }
}

extension Session {
    /// Gives others this transaction's snapshot; good until it ends. The corresponding SQL function is pg_export_snapshot.
    func exportSnapshot(timeout: Duration? = nil) throws -> String {
        let id = try query("SELECT pg_catalog.pg_export_snapshot()", timeout: timeout).value(0, 0)
        guard let id else { throw PgcopyError(.unexpected, "the server exported no snapshot") }
        return id
    }

    /// Begins a transaction that sees what another one sees.
    func begin(inSnapshot id: String, timeout: Duration? = nil) throws {
        try run(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT \(quoteLiteral(id))",
            timeout: timeout)
    }
}
