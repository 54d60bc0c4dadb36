// A snapshot that others read in, held for as long as they need it.

internal import Glibc

/// A transaction whose snapshot is exported: many runs, on many machines, see the same rows.
///
/// The corresponding SQL function is pg_export_snapshot.
public final class HeldSnapshot {
    /// What `SET TRANSACTION SNAPSHOT` takes.
    public let identifier: String
    private let session: Session

    /// Begins it on an idle session.
    /// - Parameter selection: tables that are locked (ACCESS SHARE) before, so that nobody empties or rewrites them meanwhile.
    /// - Throws: `PgcopyError`, where nothing matches, or the server refuses.
    public init(on session: Session, locking selection: TableSelection?, timeout: Duration? = nil) throws {
        self.session = session
        identifier = try at(session.label) {
            let tables = try selection?.tables(on: session, timeout: timeout) ?? []
            let part = PipelinePart(session, timeout: timeout, isVital: true)
            if session.connection.transactionStatus != .idle { part.ask(.statement("ROLLBACK")) }
            part.ask(.statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            for setting in SessionSettings.first(session.connection) { part.ask(.statement(setting)) }
            if !tables.isEmpty {
                let names = tables.map(\.name.quoted).joined(separator: ", ")
                part.ask(.statement("LOCK TABLE \(names) IN ACCESS SHARE MODE"))
            }
            try PipelineRound.run([part])
            try part.check()
            return try session.exportSnapshot(timeout: timeout)
        }
    }

    /// Holds it until a descriptor ends; nil: until a signal comes.
    /// - Throws: `Interrupted`; `PgcopyError` where the server goes away, and the snapshot with it.
    public func hold(until input: CInt?) throws {
        try session.poller.run([Holding(session, input)])
    }

    /// Ends it.
    public func end() { session.close() }

    /// Hears the server, and reads what comes on the descriptor away.
    private final class Holding: LoopTask {
        private let session: Session
        private let input: CInt?
        private var isOver = false

        init(_ session: Session, _ input: CInt?) {
            self.session = session
            self.input = input
        }

        func step(_ polled: ArraySlice<PollEntry>) throws {
            try session.requireAlive()
            guard let input, polled.contains(where: { $0.interest.descriptor == input && !$0.ready.isEmpty }) else {
                return
            }
            var bytes = [UInt8](repeating: 0, count: 512)
            let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(input, $0.baseAddress!, $0.count) }
            if count == 0 || count < 0 && errno != EINTR && errno != EAGAIN { isOver = true }
        }

        func watch(_ entries: inout [PollEntry]) -> Bool {
            entries.append(PollEntry(Interest(session.connection.socket, .read)))
            if let input { entries.append(PollEntry(Interest(input, .read))) }
            return !isOver
        }
    }
}
