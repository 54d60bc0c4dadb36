// A COPY TO STDOUT as its user sees it: chunks or rows, nil at the end.

internal import Glibc

/// The rows of one COPY TO STDOUT, alive while its block runs.
public final class CopyOut {
    private enum Stage {
        /// → ended, failed, left
        case running
        /// The server confirmed the end. No exit.
        case ended
        /// It was read to an error. → left
        case failed(any Error)
        /// Its block is over. No exit.
        case left
    }
    private enum Reading { case undecided, chunks, rows }

    private let session: Session
    private let transport: any CopyOutTransport
    private var stage = Stage.running
    private var reading = Reading.undecided

    private let memory = RingMemory(capacity: CopyOut.space)
    /// What was read and not given yet.
    private var held = 0..<0
    private var scanner: RowScanner
    /// The row whose end has not come yet.
    private var partial: [UInt8] = []

    /// One read: what the manager takes in one cycle.
    private static let space = 1 << 16

    /// Sends the statement and awaits the server's consent.
    init(
        _ session: Session, _ sql: String, layout: RowLayout, transport: any CopyOutTransport, grace: Duration
    ) throws {
        self.session = session
        self.transport = transport
        try session.poller.checkInterruption()
        do {
            try session.poller.finish { try transport.begin(sql) }
        } catch {
            try? Self.realign(session, transport, grace: grace)
            throw session.labelled(error)
        }
        scanner = RowScanner(transport.isBinary ? .binary : layout)
    }

    /// The server sends the binary format.
    public var isBinary: Bool { transport.isBinary }

    /// As `COPY 10`, once everything was read; nil before, and after an error.
    public var commandTag: String? { if case .ended = stage { transport.commandTag } else { nil } }

    /// Rows the server counted, once everything was read; nil before, and after an error.
    public var rowCount: Int? { CopyCore.rowCount(ofTag: commandTag) }

    // MARK: Reading

    /// The next bytes, as they come; nil at the end, as often as it is asked.
    /// - Throws: `PgcopyError`, the server's or with `.misuse`; `Interrupted`.
    public func nextChunk() throws -> [UInt8]? {
        try decide(.chunks)
        guard try fill() else { return nil }
        defer { held = 0..<0 }
        return bytes(held)
    }

    /// The next row as the server sent it, line end included; nil at the end, as often as it is asked.
    ///
    /// In the binary format the header comes with the first row, and the trailer is the last one.
    /// - Throws: `PgcopyError`, the server's or with `.misuse`; `Interrupted`.
    public func nextRow() throws -> [UInt8]? {
        try decide(.rows)
        while try fill() {
            let end = memory.read(held) { scanner.nextEnd(in: $0, from: 0) }
            partial += bytes(held.lowerBound..<held.lowerBound + (end ?? held.count))
            held = held.lowerBound + (end ?? held.count)..<held.upperBound
            if end != nil { return takePartial() }
        }
        return partial.isEmpty ? nil : takePartial()
    }

    /// The next row of a copy in text format as values, nil for NULL.
    public func nextValues() throws -> [String?]? {
        guard !isBinary else { throw PgcopyError.wrongFormat }
        return try nextRow().map { row in try wellFormed { try TextRow.decode(row) } }
    }

    /// The next row of a copy in binary format as fields, nil for NULL; the trailer is no row.
    public func nextFields() throws -> [[UInt8]?]? {
        guard isBinary else { throw PgcopyError.wrongFormat }
        while let message = try nextRow() {
            if case .row(let fields) = try wellFormed({ try BinaryRow.decode(message) }) { return fields }
        }
        return nil
    }

    private func decide(_ way: Reading) throws {
        guard reading == .undecided || reading == way else { throw PgcopyError.mixedReading }
        reading = way
    }

    private func takePartial() -> [UInt8] {
        defer { partial = [] }
        return partial
    }

    private func bytes(_ region: Range<Int>) -> [UInt8] {
        memory.read(region) { span in unsafe span.withUnsafeBytes { unsafe Array($0) } }
    }

    /// Has something held; false at the end.
    private func fill() throws -> Bool {
        guard held.isEmpty else { return true }
        switch stage {
        case .running: break
        case .ended: return false
        case .failed(let error): throw error
        case .left: throw PgcopyError.copyIsOver
        }
        do {
            // A server that is always ahead is never waited for.
            try session.poller.checkInterruption()
            try session.poller.finish { [self] in
                switch try memory.write(0..<Self.space, { try transport.read(into: &$0) }) {
                case .moved(let moved, _): held = 0..<moved.bytes
                case .blocked(let interest): return .waiting(interest)
                case .ended: stage = .ended
                }
                return .done
            }
            return !held.isEmpty
        } catch let interrupted as Interrupted {
            throw interrupted
        } catch {
            let error = session.labelled(error)
            stage = .failed(error)
            throw error
        }
    }

    // MARK: Leaving

    /// Brings the connection back, wherever the copy stands.
    /// - Throws: an error met while reading, and the loss of the connection.
    func leave(grace: Duration) throws {
        let stage = stage
        held = 0..<0
        if case .ended = stage { return }
        self.stage = .left
        let lost = Result { try Self.realign(session, transport, grace: grace) }
        if case .failed(let error) = stage { throw error }
        try lost.get()
    }

    private static func realign(
        _ session: Session, _ transport: any CopyOutTransport, grace: Duration
    ) throws {
        do {
            try session.complete(grace: grace) { try transport.cancel() }
        } catch let unanswered as PgcopyError where unanswered.code == .unanswered {
            transport.abandon()
            throw unanswered
        } catch let error as PgcopyError where error.leavesConnection {
            // A server's error on the way out: rows nobody waits for any more.
        }
    }
}
