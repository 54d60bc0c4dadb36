// What the streams of a run take, one after the other.

/// Pieces that no stream has taken yet; pure.
struct PartQueue: Sendable {
    /// The largest last; of equals the one given first.
    private var free: [Division.Unit]
    private var bound: [Int: [Division.Unit]]
    /// The rest of what each stream is at.
    private var begun: [Int: [Division.Piece]] = [:]
    private let streams: Int
    /// Bytes that are left.
    private var left: Int

    /// - Parameter streams: how many there are; each finds at least one unit.
    init(_ units: [Division.Unit], streams: Int) {
        func largestLast(_ units: [Division.Unit]) -> [Division.Unit] {
            units.enumerated().sorted { ($1.element.bytes, $0.offset) < ($0.element.bytes, $1.offset) }.reversed()
                .map(\.element)
        }
        free = largestLast(units.filter { $0.stream == nil })
        bound = Dictionary(grouping: units.filter { $0.stream != nil }) { $0.stream ?? 0 }.mapValues(largestLast)
        self.streams = streams
        left = units.reduce(0) { $0 + $1.bytes }
    }

    /// The next piece for a stream; nil: there is none left for it.
    mutating func next(for stream: Int) -> Division.Piece? {
        if begun[stream]?.isEmpty ?? true {
            guard let unit = takeUnit(for: stream) else { return nil }
            begun[stream] = unit.pieces.reversed()
        }
        guard let piece = begun[stream]?.popLast() else { return nil }
        left -= piece.bytes
        return piece
    }

    private mutating func takeUnit(for stream: Int) -> Division.Unit? {
        if let unit = bound[stream]?.popLast() { return unit }
        // Each of the others finds one when it begins.
        let waiting = (0..<streams).count { $0 != stream && begun[$0] == nil && bound[$0] == nil }
        return free.count > waiting ? free.popLast() : nil
    }

    /// How much a stream may take ahead. With several of them so much that all end together.
    var ahead: Int { streams == 1 ? Self.mostAhead : min(Self.mostAhead, max(Self.leastAhead, left / (2 * streams))) }

    /// What is on its way over a long line.
    private static let mostAhead = 1 << 22
    /// Some thirty small tables: no round trip for each, and nobody waits long for the stream that has them.
    private static let leastAhead = 1 << 15
}
