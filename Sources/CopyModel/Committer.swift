// Who may commit when, and what is known afterwards. A pure machine: answers in, the next to commit out.

/// The commits of a run, one after the other: a failure then leaves the most that can still be rolled back.
public struct Committer: Sendable {
    /// What became of one that takes part.
    public enum State: Sendable, Hashable {
        /// All of it can still be rolled back. → committing, rolledBack
        case open
        /// Its commit is under way. → committed, rolledBack, inDoubt
        case committing
        /// It is there to stay. No exit.
        case committed
        /// Nothing of it is left. No exit.
        case rolledBack
        /// Its commit was sent and the answer was lost. No exit here: its server knows.
        case inDoubt
    }

    /// What came of a commit.
    public enum Answer: Sendable, Hashable {
        case committed
        /// The server said that it was not, or it was never sent.
        case refused
        /// It was sent, and nothing was heard again.
        case lost
    }

    /// What became of all of them.
    public enum Verdict: Sendable, Hashable {
        case all, some, none
        /// At least one is in doubt, whatever became of the others.
        case inDoubt

        /// The verdict on these. None at all is all of them.
        public init(_ states: some Sequence<State>) {
            var (committed, others) = (false, false)
            for state in states {
                switch state {
                case .inDoubt, .committing:
                    self = .inDoubt
                    return
                case .committed: committed = true
                case .open, .rolledBack: others = true
                }
            }
            self = !others ? .all : committed ? .some : .none
        }
    }

    /// One for each that takes part.
    public private(set) var states: [State]
    private let order: [Int]
    private let goesOn: Bool
    private var isStopped = false

    /// All are open.
    /// - Parameters:
    ///   - order: who commits in which order; every one of them, once.
    ///   - goesOn: a failure does not keep the others from committing.
    public init(order: [Int], goesOn: Bool) {
        precondition(order.sorted() == Array(order.indices), "an order has everyone once")
        states = order.map { _ in .open }
        self.order = order
        self.goesOn = goesOn
    }

    /// What became of all, by now.
    public var verdict: Verdict { Verdict(states) }

    /// Nobody is left to commit.
    public var isOver: Bool { isStopped || !states.contains(.open) }

    /// It failed before its turn: it is rolled back. Whoever is under way or done stays what it is.
    public mutating func drop(_ index: Int) { if states[index] == .open { states[index] = .rolledBack } }

    /// No more commits: what is open is rolled back.
    public mutating func stop() {
        isStopped = true
        for index in states.indices { drop(index) }
    }

    /// Who is to commit now; nil: nobody, all is said. The answer comes before the next one is asked for.
    public mutating func next() -> Int? {
        precondition(!states.contains(.committing), "a commit is under way")
        guard !isOver, let index = order.first(where: { states[$0] == .open }) else { return nil }
        states[index] = .committing
        return index
    }

    /// What came of the commit that is under way.
    public mutating func answered(_ answer: Answer) {
        guard let index = states.firstIndex(of: .committing) else { preconditionFailure("no commit is under way") }
        switch answer {
        case .committed: states[index] = .committed
        case .refused: states[index] = .rolledBack
        case .lost: states[index] = .inDoubt
        }
        if answer != .committed, !goesOn { stop() }
    }
}
