// Rows given to a program's own code.

/// Calls a function with the rows of each cycle, whole ones only, each row as its bytes.
///
/// A row's memory is the program's: rows are as large here as they are. When the function throws, the
/// same rows are given to it again should the receiver be reconciled.
public final class CallReceiver: Receiver {
    /// How messages name it.
    public let label: String
    /// No server is behind it.
    public let commandTag: String? = nil
    /// Nothing to watch.
    public let attention: Interest? = nil

    private let call: ([[UInt8]]) throws -> Void
    private var layout = RowLayout.text
    private var scanner = RowScanner(.text)
    /// The row whose end has not come yet.
    private var partial: [UInt8] = []
    /// Rows taken that the function has not accepted yet.
    private var rows: [[UInt8]] = []
    /// How many it has accepted.
    private var taken = 0
    private var used = false

    /// A receiver that calls a function.
    public init(label: String = "callable", _ call: @escaping ([[UInt8]]) throws -> Void) {
        self.label = label
        self.call = call
    }

    /// Throws when it was used before.
    public func enter(_ layout: RowLayout) throws -> Step {
        guard !used else { throw PgcopyError.alreadyUsed }
        used = true
        self.layout = layout
        scanner = RowScanner(layout)
        return .done
    }

    /// Offers again what the function refused.
    public func attend(_ ready: Readiness) throws -> Interest? {
        try offer()
        return nil
    }

    /// Takes all of it and calls the function when rows are whole.
    public func drain(_ bytes: RawSpan) throws -> Drained {
        try offer()
        let before = (scanner: scanner, partial: partial.count)
        var start = 0
        while start < bytes.byteCount {
            guard let end = scanner.nextEnd(in: bytes, from: start) else {
                append(bytes, start..<bytes.byteCount, to: &partial)
                break
            }
            append(bytes, start..<end, to: &partial)
            rows.append(partial)
            partial = []
            start = end
        }
        // Where rows cannot be told from each other, none of them is given.
        let fault = scanner.fault.map { PgcopyError.input($0, rows: taken + rows.count) }
        // The end marker is no row.
        if scanner.hasEnded { partial = [] }
        do {
            if let fault { throw fault }
            try offer()
        } catch {
            // Nothing was taken: the manager gives the same bytes again, and the first row began with what was there.
            scanner = before.scanner
            partial = Array((rows.first ?? partial).prefix(before.partial))
            rows = []
            throw error
        }
        return Drained(taken: bytes.byteCount)
    }

    private func append(_ bytes: RawSpan, _ range: Range<Int>, to row: inout [UInt8]) {
        for offset in range { row.append(bytes.byte(offset)) }
    }

    private func offer() throws {
        guard !rows.isEmpty else { return }
        try call(rows)
        taken += rows.count
        rows.removeAll(keepingCapacity: true)
    }

    /// A last row without a line end is a row too.
    public func finish() throws -> Step {
        if !partial.isEmpty, layout == .binary || scanner.endsInsideRow { rows.append(partial) }
        partial = []
        try offer()
        return .done
    }

    /// Nothing to undo.
    public func abort(_ reason: String) -> Step { .done }
    /// Nothing to let go.
    public func abandon() {}
}
