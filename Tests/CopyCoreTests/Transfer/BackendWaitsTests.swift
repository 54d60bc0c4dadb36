// Who waits for whom, as values.

import Testing

@testable import CopyCore

struct `Waits of backends` {
    private func edge(_ own: Int32, _ blocker: Int32, _ depth: Int, _ table: String? = nil) -> BackendWaits.Edge {
        BackendWaits.Edge(own: own, blocker: LockWait.Holder(pid: blocker), depth: depth, table: table)
    }

    @Test func `name the one in the way directly`() {
        let waits = BackendWaits(edges: [edge(1, 50, 1, "public.t"), edge(1, 51, 2, "public.t"), edge(2, 60, 1)])
        #expect(waits.wait(of: 1)?.wait == LockWait(table: "public.t", holder: LockWait.Holder(pid: 50)))
        #expect(waits.wait(of: 2)?.wait.table == nil && waits.wait(of: 3) == nil)
        #expect(waits.ownBlocker(of: 1, among: [1, 2]) == nil)
    }

    @Test func `find one of our own at the end of a chain of strangers`() throws {
        let waits = BackendWaits(edges: [edge(1, 50, 1, "public.t"), edge(1, 2, 2, "public.t"), edge(2, 50, 1)])
        let own = try #require(waits.ownBlocker(of: 1, among: [1, 2]))
        #expect(own.pid == 2 && own.table == "public.t")
        #expect(waits.ownBlocker(of: 2, among: [1, 2]) == nil)
        // One that computes may let go yet, and some locks last for a moment only.
        for change: (inout BackendWaits) -> Void in [{ $0.edges[1].isAtWork = true }, { $0.edges[0].isPassing = true }]
        {
            var passing = waits
            change(&passing)
            #expect(passing.ownBlocker(of: 1, among: [1, 2]) == nil)
        }
        // Who is in his own way is the server's to find.
        #expect(BackendWaits(edges: [edge(1, 50, 1), edge(1, 1, 2)]).ownBlocker(of: 1, among: [1]) == nil)
    }
}
