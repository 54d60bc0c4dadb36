// Parts whose rows flow one behind the other through one copy.

/// What a stream takes at a time: a table, or a piece of one.
struct Part: Sendable {
    /// How messages name it.
    var label: String
    /// Which rows of its table it has, as `blocks 0 to 99`; nil: all.
    var name: String?
    /// Its table's place among those of the run.
    var table = 0
    /// About how many bytes it is.
    var size: Int
    /// The COPY that reads it; gone behind its last row.
    var out: String
    /// Those that load it, by the destination's place.
    var into: [Int: String]
    /// How its rows lie.
    var layout = RowLayout.text
    /// Messages of it that are no row: the trailer of the binary format, a header line.
    var messagesWithoutRow = 0
}

/// Which parts a copy's rows belong to, in the order in which they flow. The producer writes it, receivers follow: each
/// ends one part and begins the next where it comes to that place in the bytes.
final class PartTrack {
    /// Those that have begun.
    private(set) var parts: [Part] = []
    /// Where the rows of those that have ended end, in bytes since the copy began.
    private(set) var ends: [Int] = []
    /// No part comes behind these.
    private(set) var isComplete = false

    /// Another one follows.
    func begin(_ part: Part) { parts.append(part) }

    /// The rows of the oldest part that has not ended end here.
    func end(at position: Int) {
        precondition(ends.count < parts.count && position >= ends.last ?? 0, "an end without a part")
        // It was sent long ago: a kilobyte each where there are many columns.
        parts[ends.count].out = ""
        ends.append(position)
    }

    /// All parts have begun.
    func complete() { isComplete = true }

    /// The part whose rows flow; nil: none has begun behind those that have ended.
    var current: Part? { ends.count < parts.count ? parts[ends.count] : nil }

    /// Where a part's rows end; nil: not known yet.
    func end(of number: Int) -> Int? { number < ends.count ? ends[number] : nil }
}

/// Gives the rows of one part after the other.
protocol PartProducer: Producer {
    /// Rows that its server counted, part by part; nil where none did.
    var rows: [Int?] { get }
}

/// Takes the rows of one part after the other.
protocol PartReceiver: Receiver {
    /// Rows that its server counted, part by part; nil where none did.
    var rows: [Int?] { get }
}
