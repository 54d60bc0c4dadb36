// Copies on many streams, in one poll.

/// Runs copies side by side; what fails in one stops all: their connections are brought back, and nothing is committed here.
///
/// A stream is a source session and one session at each destination, each in a transaction of its own.
final class Streams {
    /// Called with what came of each cycle of a stream's copy; streams are counted from 0.
    typealias Handling = (_ stream: Int, CopyEvent, CopyManager) throws -> Void

    private let poller: any Poller
    private let handle: Handling
    private var tasks: [StreamTask] = []
    /// What stopped all.
    private var failure: (any Error)?
    /// What became of the copies that were not completed, the first one first.
    private(set) var failures: [CopyFail] = []

    /// - Parameter copies: one for each stream; none has begun.
    init(_ copies: [CopyManager], poller: any Poller, handle: @escaping Handling) {
        self.poller = poller
        self.handle = handle
        tasks = copies.enumerated().map { number, manager in
            StreamTask(
                CopyTask(manager) { [unowned self] event, manager in try self.handle(number, event, manager) }, self)
        }
    }

    /// Runs to the end.
    /// - Throws: what failed first: a copy's failure, `Interrupted`.
    func run() throws {
        do {
            try poller.run(tasks)
        } catch {
            stopAll(because: error)
            _ = try? poller.run(tasks, interruptible: false)
        }
        if let failure { throw failure }
    }

    fileprivate func failed(_ copy: CopyFail) {
        failures.append(copy)
        stopAll(because: copy)
    }

    private func stopAll(because error: any Error) {
        // The first one is what is told; the others follow from it.
        guard failure == nil else { return }
        failure = error
        for task in tasks { task.stop(error) }
    }
}

/// One stream.
private final class StreamTask: LoopTask {
    private let copy: CopyTask
    private unowned let streams: Streams
    private var isTold = false

    init(_ copy: CopyTask, _ streams: Streams) {
        self.copy = copy
        self.streams = streams
    }

    func step(_ polled: ArraySlice<PollEntry>) throws {
        try copy.step(polled)
        tell()
    }

    /// What it is at is undone.
    func stop(_ error: any Error) {
        copy.stop(error)
        tell()
    }

    private func tell() {
        guard !isTold, let failure = copy.failure else { return }
        isTold = true
        streams.failed(failure)
    }

    func watch(_ entries: inout [PollEntry]) -> Bool { copy.watch(&entries) }
}

extension Session {
    /// Gives others this transaction's snapshot; good until it ends. The corresponding SQL function is pg_export_snapshot.
    func exportSnapshot(timeout: Duration? = nil) throws -> String {
        let id = try query("SELECT pg_catalog.pg_export_snapshot()", timeout: timeout).value(0, 0)
        guard let id else { throw PgcopyError(.unexpected, "the server exported no snapshot") }
        return id
    }
}
