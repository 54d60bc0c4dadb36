// Role: a way to copy a table, or many, as a value.

import TestKit

/// Something that copies a table, or the tables of a schema, from the source to destinations.
struct Contender: Sendable {
    /// Its name on the page; unique in a duel.
    let name: String
    /// Whether it is ours.
    var isPgcopy = false
    /// Whether its client does nothing, so that only its wall time says something.
    var isLimit = false
    /// Whether it is someone else's, which may not run everywhere.
    var isOthers = false
    /// How often it runs; nil: as often as all.
    var rounds: Int?
    /// To how many destinations it copies at once; 0 is to where nothing is kept.
    var counts: ClosedRange<Int> = 1...3
    /// What to run.
    let program: @Sendable (_ arena: Arena, _ name: String, _ count: Int) throws -> Program

    /// The same, by one way or the other.
    func reached(by way: ConnectionWay) -> Contender {
        reached("by \(way.rawValue)") { $0.reached(by: way) }
    }

    /// The same, through links that are told so.
    func reached(through links: Links, _ words: String) -> Contender {
        reached(words) { $0.reached(through: links) }
    }

    /// The same under a name that says more.
    func told(_ words: String) -> Contender { reached(words) { $0 } }

    private func reached(_ words: String, _ change: @escaping @Sendable (Arena) -> Arena) -> Contender {
        Contender(
            name: "\(name), \(words)", isPgcopy: isPgcopy, isLimit: isLimit, isOthers: isOthers, rounds: rounds,
            counts: counts
        ) { try program(change($0), $1, $2) }
    }
}
