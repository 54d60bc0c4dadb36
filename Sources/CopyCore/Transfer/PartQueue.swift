// What the streams of a run take, one after the other.

/// Parts that no stream has taken yet; pure.
struct PartQueue: Sendable {
    /// Parts that go through one stream, in this order.
    struct Unit: Sendable {
        var parts: [Part]
        /// The stream that has to take it, from 0 on; nil: whichever is free.
        var stream: Int?

        var size: Int { parts.reduce(0) { $0 + $1.size } }
    }

    /// The largest last; of equals the one given first.
    private var free: [Unit]
    private var bound: [Int: [Unit]]
    /// The rest of what each stream is at.
    private var begun: [Int: [Part]] = [:]
    private let streams: Int
    /// Bytes that are left.
    private var left: Int

    /// - Parameter streams: how many there are; each finds at least one unit.
    init(_ units: [Unit], streams: Int) {
        func largestLast(_ units: [Unit]) -> [Unit] {
            units.enumerated().sorted { ($1.element.size, $0.offset) < ($0.element.size, $1.offset) }.reversed()
                .map(\.element)
        }
        free = largestLast(units.filter { $0.stream == nil })
        bound = Dictionary(grouping: units.filter { $0.stream != nil }) { $0.stream ?? 0 }.mapValues(largestLast)
        self.streams = streams
        left = units.reduce(0) { $0 + $1.size }
    }

    /// The next part for a stream; nil: there is none left for it.
    mutating func next(for stream: Int) -> Part? {
        if begun[stream]?.isEmpty ?? true {
            guard let unit = takeUnit(for: stream) else { return nil }
            begun[stream] = unit.parts.reversed()
        }
        guard let part = begun[stream]?.popLast() else { return nil }
        left -= part.size
        return part
    }

    private mutating func takeUnit(for stream: Int) -> Unit? {
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
