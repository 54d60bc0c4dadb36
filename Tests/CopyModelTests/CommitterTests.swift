// Every order of answers and losses a run's commits can have.

import CopyModel
import Testing

struct CommitterTests {
    private static let answers: [Committer.Answer] = [.committed, .refused, .lost]

    /// Every list of so many answers.
    private static func conversations(_ count: Int) -> [[Committer.Answer]] {
        count == 0 ? [[]] : conversations(count - 1).flatMap { rest in answers.map { rest + [$0] } }
    }

    private func state(_ answer: Committer.Answer) -> Committer.State {
        switch answer {
        case .committed: .committed
        case .refused: .rolledBack
        case .lost: .inDoubt
        }
    }

    @Test(arguments: 0...4, [false, true])
    func `each commits in its turn, and the first failure stops the rest unless the others go on`(
        count: Int, goesOn: Bool
    ) {
        for conversation in Self.conversations(count) {
            var committer = Committer(order: Array((0..<count).reversed()), goesOn: goesOn)
            var asked: [Int] = []
            while let index = committer.next() {
                #expect(committer.states.count { $0 == .committing } == 1)
                #expect(committer.verdict == .inDoubt, "what is under way may come to pass")
                asked.append(index)
                committer.answered(conversation[asked.count - 1])
            }
            let failure = conversation.firstIndex { $0 != .committed }
            let turns = goesOn ? count : failure.map { $0 + 1 } ?? count
            #expect(asked == Array((0..<count).reversed().prefix(turns)))
            for index in 0..<count {
                let turn = count - 1 - index
                #expect(committer.states[index] == (turn < turns ? state(conversation[turn]) : .rolledBack))
            }
            #expect(committer.isOver && committer.next() == nil)
            let heard = conversation.prefix(turns)
            let verdict: Committer.Verdict =
                heard.contains(.lost)
                ? .inDoubt
                : heard.allSatisfy { $0 == .committed } && turns == count
                    ? .all : heard.contains(.committed) ? .some : .none
            #expect(committer.verdict == verdict, "\(conversation)")
        }
    }

    @Test func `who was dropped before has no turn, and leaves only some`() {
        var committer = Committer(order: [0, 1, 2], goesOn: true)
        committer.drop(1)
        #expect(committer.next() == 0)
        committer.answered(.committed)
        #expect(committer.next() == 2)
        // Too late: it is under way.
        committer.drop(2)
        committer.drop(0)
        committer.answered(.committed)
        #expect(committer.states == [.committed, .rolledBack, .committed] && committer.verdict == .some)
    }

    @Test func `stopped, nobody has a turn, and what is done stays done`() {
        var committer = Committer(order: [0, 1, 2], goesOn: true)
        #expect(committer.next() == 0)
        committer.stop()
        #expect(committer.states == [.committing, .rolledBack, .rolledBack])
        committer.answered(.committed)
        #expect(committer.next() == nil && committer.verdict == .some)
    }

    @Test func `none at all is all of them`() {
        var committer = Committer(order: [], goesOn: false)
        #expect(committer.next() == nil && committer.verdict == .all)
    }
}
