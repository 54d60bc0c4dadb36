// What is cheaper: to read the rest of a COPY TO STDOUT, or to have it cancelled.

/// The time for which a rest that nobody wants is read before a cancel request is sent.
///
/// A request costs the server a connection and a process, three to four milliseconds: as much as 30,000 small rows,
/// or two megabytes of large ones. Nobody knows how much is left; a short rest is cheaper read, and a long one costs
/// only this time more.
struct RestGrace {
    private static let first = 0.001
    /// A request that was faster than its statement found nothing to cancel: after this another one is sent.
    private static let second = 0.1

    private var end: Instant
    private var next = Self.second

    /// It begins now.
    init(at now: Instant) { end = now + Self.first }

    /// A request is to be sent.
    func isOver(at now: Instant) -> Bool { now >= end }

    /// A request was sent: it begins again, for longer each time, since what is under way may take its time.
    mutating func renew(at now: Instant) {
        end = now + next
        next *= 2
    }

    /// The same interest, woken when a request is to be sent.
    func watching(_ interest: Interest, at now: Instant) -> Interest {
        guard !isOver(at: now) else { return interest }
        var interest = interest
        interest.alarm = earliest(interest.alarm, end)
        return interest
    }
}
