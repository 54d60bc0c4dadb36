// Role: a way to copy a table, as a value.

import TestKit

/// Something that copies a table from the source to destinations.
struct Contender: Sendable {
    /// Its name on the page; unique in a duel.
    let name: String
    /// Whether it is ours.
    var isPgcopy = false
    /// Whether its client does nothing, so that only its wall time says something.
    var isLimit = false
    /// To how many destinations it copies at once; 0 is to where nothing is kept.
    var counts: ClosedRange<Int> = 1...3
    /// What to run.
    let program: @Sendable (_ arena: Arena, _ table: String, _ count: Int) throws -> Program

    /// The same, by one way or the other.
    func reached(by way: ConnectionWay) -> Contender {
        Contender(name: "\(name), by \(way.rawValue)", isPgcopy: isPgcopy, isLimit: isLimit, counts: counts) {
            try program($0.reached(by: way), $1, $2)
        }
    }
}
