// What is known of the transactions of a session that is sent statements without waiting; pure.

/// Follows the statements of a batch, numbered from 1, and its synchronization points.
///
/// Statements between two synchronization points are one transaction, unless they say BEGIN; behind one that failed
/// nothing runs until the next point. So what an answer tells is not what its own statement did alone.
struct BatchLedger {
    /// Something failed.
    private(set) var hasFailed = false
    /// The last statement that is known to be committed; 0: none.
    private(set) var committed = 0

    /// The last statement that a synchronization point has confirmed, and the last one before any.
    private var confirmed = 0
    private var announced = 0
    /// The last statement that commits by itself, and the last one that rolls back, which were not answered; 0: none.
    private var unanswered = 0
    private var unansweredRollback = 0
    /// The last statement of each synchronization point that is under way.
    private var points = Fifo<Int>()
    /// A statement failed since the last point; the server ended the session with that.
    private var isFailing = false
    private(set) var isEndedByServer = false
    /// Something was done since the last COMMIT or ROLLBACK; a point commits it, unless BEGIN was said. libpq does not
    /// tell the transaction's status while more is under way.
    private var hasWork = false
    private var isInBlock = false

    /// Nothing was sent.
    init() {}

    /// The server has said of a statement why it failed, since the last point.
    var knowsFailure: Bool { isFailing }

    /// A point was sent behind this statement.
    mutating func announce(_ statement: Int) {
        announced = statement
        points.append(statement)
    }

    /// A statement was done.
    /// - Parameters:
    ///   - tag: its command tag.
    ///   - words: its keywords and plain names, in lower case.
    mutating func done(_ statement: Int, tag: String, words: @autoclosure () -> [String]) {
        switch tag {
        case "BEGIN", "START TRANSACTION": isInBlock = true
        case "ROLLBACK", "COMMIT", "PREPARE TRANSACTION":
            let words = words()
            // To a savepoint: the transaction goes on.
            if tag == "ROLLBACK", words.contains("to") { return }
            if tag != "ROLLBACK" { committed = statement }
            hasWork = false
            isInBlock = words.contains("chain") && !words.contains("no")
        case _ where Self.commitsAtOnce(tag, words()):
            committed = statement
            hasWork = false
        default: hasWork = true
        }
    }

    /// A statement failed, or was not answered.
    /// - Parameters:
    ///   - words: as in `done`.
    ///   - byServer: its server said so; else its connection is gone.
    ///   - endsSession: and ended the session with that.
    mutating func failed(_ statement: Int, words: @autoclosure () -> [String], byServer: Bool, endsSession: Bool) {
        hasFailed = true
        let words = words()
        guard byServer else {
            if Self.mayCommit(words) { unanswered = statement }
            if Self.rollsBack(words) { unansweredRollback = statement }
            return
        }
        isFailing = true
        if endsSession { isEndedByServer = true }
        // A transaction that could not be committed is over.
        if Self.endsBlock(words) {
            isInBlock = false
            hasWork = false
        }
    }

    private static func endsBlock(_ words: [String]) -> Bool {
        ["commit", "end"].contains(words.first)
            && words.dropFirst().allSatisfy { ["work", "transaction", "and", "no", "chain"].contains($0) }
            || words.starts(with: ["prepare", "transaction"])
    }

    /// It commits without a point behind it: itself, or as what a routine does, or with a slot at a publisher.
    private static func mayCommit(_ words: [String]) -> Bool {
        ["commit", "end", "call", "do"].contains(words.first) || words.starts(with: ["prepare", "transaction"])
            || words.dropFirst().first == "subscription"
            || commitsAtOnce(words.prefix(2).joined(separator: " ").uppercased(), words)
    }

    /// What runs in no transaction of others is committed when it is done (xact.c: PreventInTransactionBlock); but indexes
    /// made or dropped, and partitions detached, concurrently: the last of their transactions goes on to the next point.
    private static func commitsAtOnce(_ tag: String, _ words: @autoclosure () -> [String]) -> Bool {
        // Most are none of these, which their first letter tells.
        switch tag.utf8.first {
        case UInt8(ascii: "A"), UInt8(ascii: "C"), UInt8(ascii: "D"), UInt8(ascii: "R"), UInt8(ascii: "V"): break
        default: return false
        }
        return switch tag.prefix(while: { $0 != " " }) {
        case "VACUUM": true
        case "CREATE", "DROP": ["DATABASE", "TABLESPACE"].contains { tag.hasSuffix($0) }
        case "ALTER": tag == "ALTER SYSTEM" || tag == "ALTER DATABASE" && setsTablespace(words())
        case "REINDEX": reindexesMany(words())
        case "ROLLBACK": tag == "ROLLBACK PREPARED"
        case "COMMIT": tag == "COMMIT PREPARED"
        default: false
        }
    }

    private static func setsTablespace(_ words: [String]) -> Bool {
        zip(words, words.dropFirst()).contains { $0 == ("set", "tablespace") }
    }

    private static func reindexesMany(_ words: [String]) -> Bool {
        let kind = words.first { ["index", "table", "schema", "database", "system"].contains($0) }
        return words.contains("concurrently") || ["schema", "database", "system"].contains(kind)
    }

    /// What follows it is in no transaction that was begun.
    private static func rollsBack(_ words: [String]) -> Bool {
        ["rollback", "abort"].contains(words.first)
            && words.dropFirst().allSatisfy { ["work", "transaction", "and", "no", "chain"].contains($0) }
            && (!words.contains("chain") || words.contains("no"))
    }

    /// The answer of the oldest point under way.
    /// - Parameter isRefused: what it was to commit was not.
    mutating func synchronized(isRefused: Bool) {
        guard let last = points.popFirst() else { return }
        // In a transaction that was begun it commits nothing: all of that is in doubt together with its COMMIT.
        if !isInBlock {
            confirmed = last
            if !isRefused, !isFailing, hasWork { committed = last }
            hasWork = false
        }
        isFailing = false
        if isRefused { hasFailed = true }
    }

    /// Something else keeps it from being whole: its connection is gone, a statement was refused.
    mutating func fail() { hasFailed = true }

    /// What may be committed or not where the connection is gone now. Behind a statement that ended the session nothing
    /// ran; behind another that failed, what follows its point. In a transaction that was begun a point commits nothing,
    /// but what follows a ROLLBACK is in none.
    var doubtful: ClosedRange<Int>? {
        guard !isEndedByServer, !isInBlock || unanswered > 0 || unansweredRollback > 0 else { return nil }
        let last = max(announced, unanswered)
        var first = (isFailing ? points.first ?? last : max(confirmed, committed)) + 1
        if isInBlock, unanswered == 0 { first = max(first, unansweredRollback + 1) }
        return first <= last ? first...last : nil
    }
}
