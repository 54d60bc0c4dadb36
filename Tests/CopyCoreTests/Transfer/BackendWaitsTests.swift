// Who waits for whom, as values.

import Testing

@testable import CopyCore

struct `Waits of backends` {
    private func edge(
        _ own: Int32, _ blocker: Int32, _ depth: Int, by waiter: Int32? = nil, _ table: String? = nil,
        change: (inout BackendWaits.Edge) -> Void = { _ in }
    ) -> BackendWaits.Edge {
        var edge = BackendWaits.Edge(
            own: own, waiter: waiter ?? own, blocker: LockWait.Holder(pid: blocker), depth: depth, table: table,
            lock: "x")
        edge.awaitsClient = true
        change(&edge)
        return edge
    }

    private func own(_ waits: BackendWaits, of pid: Int32, rests: @escaping (Int32) -> Bool? = { _ in nil }) -> Int32? {
        waits.ownBlocker(of: pid, among: [1, 2], rests: rests)?.pid
    }

    @Test func `name who holds the lock, and who is in the queue before`() {
        let waits = BackendWaits(edges: [edge(1, 50, 1, "public.t"), edge(1, 51, 2, by: 50), edge(2, 60, 1)])
        #expect(waits.wait(of: 1)?.wait == LockWait(table: "public.t", holder: LockWait.Holder(pid: 50)))
        #expect(waits.wait(of: 2)?.wait.table == nil && waits.wait(of: 3) == nil && own(waits, of: 1) == nil)
        // Of two in the way directly the one that has the lock counts.
        let two = BackendWaits(edges: [edge(1, 40, 1) { $0.holds = false }, edge(1, 50, 1)])
        #expect(two.wait(of: 1)?.wait.holder.pid == 50 && two.wait(of: 1)?.wait.ahead == nil)
        // One that only waits before us is not who is waited for.
        let queue = BackendWaits(
            edges: [
                edge(1, 40, 1) { $0.holds = false }, edge(1, 41, 2, by: 40) { $0.holds = false },
                edge(1, 50, 3, by: 41),
            ])
        #expect(queue.wait(of: 1)?.wait.holder.pid == 50 && queue.wait(of: 1)?.wait.ahead?.pid == 40)
        #expect(
            queue.wait(of: 1)?.wait.sentence
                == "a lock, held by pid 50, hidden, for which pid 40, hidden waits before this")
    }

    @Test func `find one of our own at the end of a chain of strangers`() throws {
        let waits = BackendWaits(
            edges: [edge(1, 50, 1, "public.t") { $0.holds = false }, edge(1, 2, 2, by: 50), edge(2, 50, 1)])
        let found = try #require(waits.ownBlocker(of: 1, among: [1, 2]) { _ in nil })
        #expect(found.pid == 2 && found.table == "public.t")
        #expect(own(waits, of: 2) == nil)
        // Who is in his own way is the server's to find, and so are others that wait themselves.
        #expect(own(BackendWaits(edges: [edge(1, 50, 1), edge(1, 1, 2, by: 50)]), of: 1) == nil)
        let second = BackendWaits(edges: [edge(1, 2, 1) { $0.awaitsClient = false }, edge(1, 1, 2, by: 2)])
        #expect(own(second, of: 1) == nil)
    }

    /// It may let go of what does not last as long as its transaction, or be only before the other in the queue.
    @Test func `blame nobody who may go on`() {
        func blamed(rests: Bool? = nil, _ change: (inout BackendWaits.Edge) -> Void) -> Bool {
            own(BackendWaits(edges: [edge(1, 2, 1, change: change)]), of: 1, rests: { _ in rests }) == 2
        }
        #expect(blamed { _ in })
        #expect(!blamed { $0.awaitsClient = false } && !blamed { $0.holds = false } && !blamed { $0.isPassing = true })
        #expect(!blamed(rests: false) { _ in } && blamed(rests: true) { $0.awaitsClient = false })
        // Nor the tables that it has locked for the run.
        let table = BackendWaits(edges: [edge(1, 2, 1) { ($0.relation, $0.awaitsClient) = ("5/77", false) }])
        for (known, pid) in [("5/77", 2), ("5/78", nil)] as [(String, Int32?)] {
            let found = table.ownBlocker(of: 1, among: [1, 2], keeps: { $0 == 2 && $1 == known }) { _ in false }
            #expect(found?.pid == pid)
        }
        // What is its transaction's own it gives back with that only, whatever it does.
        #expect(blamed(rests: false) { ($0.lastsToEnd, $0.awaitsClient) = (true, false) })
    }
}
