// When a session was sent its synchronization points, and when they were answered; pure.

/// The points of a session, and the statements that each stands behind.
struct BatchPoints {
    /// The last statement that was sent; 0: none.
    private(set) var last = 0
    /// The first one behind the last point, and when it was sent.
    private var open: (first: Int, sent: Instant)?
    private var underWay = Fifo<(statements: ClosedRange<Int>, sent: Instant)>()
    private var lastAnswer: Instant?

    /// Some were not answered yet.
    var areUnderWay: Bool { !underWay.isEmpty }

    /// A statement was sent.
    mutating func sent(_ statement: Int, at now: @autoclosure () -> Instant) {
        last = statement
        if open == nil { open = (statement, now()) }
    }

    /// A point was sent behind it.
    mutating func announce() {
        guard let (first, sent) = open else { return }
        underWay.append((first...last, sent))
        open = nil
    }

    /// The oldest one was answered.
    /// - Returns: its statements, and their share of the time: what went by before the answer of the point before was that one's.
    mutating func answered(at now: Instant) -> (statements: ClosedRange<Int>, elapsed: Duration)? {
        guard let point = underWay.popFirst() else { return nil }
        defer { lastAnswer = now }
        return (point.statements, now.duration(since: max(point.sent, lastAnswer ?? point.sent)))
    }
}
