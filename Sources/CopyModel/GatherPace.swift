// Whether a stream that was read empty is worth a moment's pause before it is waited for.

/// Follows how much a socket gave from one time it was empty to the next.
///
/// Waiting for every piece a server sends costs more than copying it, so a pause lets some gather. But a pause in which the
/// socket fills up only keeps the sender waiting: there the pauses end, until the stream is down to single pieces again.
package struct GatherPace: Sendable {
    /// What a server sends at once: its output buffer.
    private static let piece = 8192
    /// So many in a row; one alone is no sign, a fast stream has them too.
    private static let piecesInRow = 8

    /// The most the socket holds, nil where that is more than comes in any pause.
    private let capacity: Int?
    private var given = 0
    private var pieces = piecesInRow

    /// A pace for a socket that holds so many bytes.
    package init(capacity: Int?) { self.capacity = capacity }

    /// The socket gave so many bytes.
    package mutating func gave(_ count: Int) { given += count }

    /// The socket is empty; whether a pause is worth it. Not where nothing came.
    package mutating func emptied() -> Bool {
        defer { given = 0 }
        if pieces < Self.piecesInRow {
            pieces = given <= Self.piece ? pieces + 1 : 0
        } else if let capacity, given >= capacity {
            pieces = 0
        }
        return given > 0 && pieces == Self.piecesInRow
    }
}
