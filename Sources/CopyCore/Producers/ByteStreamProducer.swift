// Rows of a file, a pipe, a terminal: anything with a descriptor.

internal import Glibc

/// Produces what a descriptor gives until its end, and makes sure that it is all there: see `PgcopyError.Code.input`.
///
/// It never sets the descriptor non-blocking, since other programs may share it: it polls, then reads once.
public final class ByteStreamProducer: Producer {
    /// How messages name it.
    public let label: String
    /// What was produced so far.
    public private(set) var totals = Totals.zero
    /// How the rows lie.
    public let layout: RowLayout

    private let descriptor: CInt
    private let rules: StreamRules
    private var scanner: RowScanner
    /// Nil once a header was read: its reader has looked.
    private var detector: ForeignDataDetector?
    /// Where the stream begins behind its header: keeps the file open, too.
    private let head: StreamHead?
    /// Bytes of the head's that were given already.
    private var taken = 0
    /// What was found: the bytes it came with are gone, so nothing may follow.
    private var fault: PgcopyError?
    private var stage = Stage.unused
    private enum Stage { case unused, entered, ended }
    /// The stream's end was met, well or not.
    private(set) var isAtEnd = false

    /// A producer that reads a descriptor; whoever opened it closes it.
    public init(_ descriptor: CInt, layout: RowLayout = .text, rules: StreamRules = StreamRules(), label: String) {
        self.descriptor = descriptor
        self.layout = layout
        self.rules = rules
        self.label = label
        head = nil
        scanner = RowScanner(layout)
        detector = ForeignDataDetector(layout)
    }

    /// A producer of what follows a header line.
    init(behind head: StreamHead, layout: RowLayout, rules: StreamRules, label: String) {
        descriptor = head.descriptor
        self.layout = layout
        self.rules = rules
        self.label = label
        self.head = head
        // Anew, as the servers see the rows: without the header line.
        scanner = RowScanner(layout)
        headEnd = LineEnding(head.line[...])
    }

    /// How a line ends.
    private enum LineEnding {
        case lineFeed, carriageReturn, pair

        init?(_ line: ArraySlice<UInt8>) {
            switch line.last {
            case UInt8(ascii: "\n"): self = line.dropLast().last == UInt8(ascii: "\r") ? .pair : .lineFeed
            case UInt8(ascii: "\r"): self = .carriageReturn
            default: return nil
            }
        }
    }

    /// The header's line end, until the first row's is known to be the same.
    private var headEnd: LineEnding?
    /// The last byte of the row so far.
    private var lastOfRow: [UInt8] = []

    /// Throws when it was used before, and where servers would differ in what is between quotes.
    public func enter() throws -> Step {
        guard stage == .unused else { throw PgcopyError.alreadyUsed }
        if case .csv(let quote, _) = layout, EndMarker.contains(quote) {
            throw PgcopyError.quoteInMarker
        }
        stage = .entered
        return .done
    }

    /// Reads once, when there is something to read.
    public func fill(_ space: inout MutableRawSpan) throws -> Filled {
        if let fault { throw fault }
        let count: Int
        if let head, taken < head.unread.count {
            count = min(space.byteCount, head.unread.count - taken)
            for offset in 0..<count {
                space.storeBytes(of: head.unread[taken + offset], toByteOffset: offset, as: UInt8.self)
            }
            taken += count
        } else if head?.isAtEnd ?? false {
            count = 0
        } else {
            guard try isReadable() else { return .blocked(Interest(descriptor, .read)) }
            count = unsafe space.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress!, $0.count) }
        }
        if count < 0 {
            let code = errno
            guard code == EINTR || code == EAGAIN else { throw PgcopyError.system("cannot read", code) }
            return .blocked(Interest(descriptor, .read))
        }
        if count == 0 {
            isAtEnd = true
            return try .ended(end())
        }
        let moved: Totals
        do throws(PgcopyError) {
            moved = Totals(messages: try rowEnds(in: space.bytes.extracting(first: count)), bytes: count)
        } catch {
            fault = error
            throw error
        }
        totals += moved
        return .moved(moved)
    }

    /// How many rows end in the next bytes.
    private func rowEnds(in bytes: RawSpan) throws(PgcopyError) -> Int {
        if let kind = detector?.look(at: bytes) { throw .foreign(kind, in: label) }
        if headEnd != nil { try compareLineEnds(bytes) }
        let rows = scanner.count(bytes)
        if let fault = scanner.fault { throw PgcopyError.input(fault, rows: totals.messages + rows) }
        if scanner.hasEnded, rules.csvMarker == .refused, case .csv = layout {
            throw .ambiguousMarker(row: totals.messages + rows + 1)
        }
        return rows
    }

    /// Looks at the end of the first row behind a header line; the end marker has one too.
    private func compareLineEnds(_ bytes: RawSpan) throws(PgcopyError) {
        var probe = scanner
        var end = probe.nextEnd(in: bytes, from: 0)
        if end == nil, probe.hasEnded {
            // The scanner says only that a marker's line is over: its end is the first there is.
            end = (0..<bytes.byteCount).first { [10, 13].contains(bytes.byte($0)) }.map { first in
                let isPair = bytes.byte(first) == 13 && first + 1 < bytes.byteCount && bytes.byte(first + 1) == 10
                return first + (isPair ? 2 : 1)
            }
        }
        let from = max(0, (end ?? bytes.byteCount) - 2)
        for offset in from..<(end ?? bytes.byteCount) { lastOfRow.append(bytes.byte(offset)) }
        lastOfRow = lastOfRow.suffix(2)
        guard end != nil else { return }
        guard LineEnding(lastOfRow[...]) == headEnd else { throw .headerEndsOtherwise }
        headEnd = nil
    }

    /// What only the end completes. It is looked at with distrust: a stream that merely stopped ends in the same way.
    private func end() throws(PgcopyError) -> Totals {
        guard stage != .ended else { return .zero }
        let row = totals.messages + 1
        switch scanner.rest {
        case .nothing, .row: break
        case .partOfRow: if !rules.allowsUnterminated { throw .unterminated(row: row) }
        case .quotes: throw .insideQuotes(row: row)
        case .escape: throw .insideEscape(row: row)
        case .marker: throw .insideMarker
        case .markerLine: if rules.csvMarker == .refused { throw .ambiguousMarker(row: row) }
        // A server takes binary rows without their trailer: the one sign of a stream that merely stopped.
        case .noTrailer: throw .trailerMissing
        }
        let last = Totals(messages: scanner.endsInsideRow ? 1 : 0)
        totals += last
        stage = .ended
        return last
    }

    private func isReadable() throws -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&entry, 1, 0) > 0
    }

    /// Nothing to undo.
    public func realign() -> Step { .done }
    /// Nothing to let go.
    public func abandon() {}
}
