// Positions in the shared ring.

import CopyModel
import Testing

struct RingLedgerTests {
    @Test func `an empty ring is all space`() {
        let ring = RingLedger(capacity: 10, readers: 2)
        #expect(ring.space == 10)
        #expect(ring.writable == 0..<10)
        #expect(ring.readable(0).isEmpty)
        #expect(ring.backlog(1) == 0)
    }

    @Test func `a full ring has no space until the slowest reader has read`() {
        var ring = RingLedger(capacity: 10, readers: 2)
        ring.wrote(10)
        #expect(ring.space == 0)
        #expect(ring.writable.isEmpty)
        #expect(ring.readable(0) == 0..<10)
        ring.took(10, 0)
        #expect(ring.space == 0)
        #expect(ring.backlog(0) == 0)
        #expect(ring.backlog(1) == 10)
        ring.took(4, 1)
        #expect(ring.space == 4)
        #expect(ring.writable == 0..<4)
        #expect(ring.readable(1) == 4..<10)
    }

    @Test func `what wraps round the end comes in two pieces`() {
        var ring = RingLedger(capacity: 10, readers: 1)
        ring.wrote(8)
        ring.took(6, 0)
        #expect(ring.writable == 8..<10)
        ring.wrote(2)
        #expect(ring.writable == 0..<6)
        ring.wrote(5)
        #expect(ring.readable(0) == 6..<10)
        #expect(ring.backlog(0) == 9)
        ring.took(4, 0)
        #expect(ring.readable(0) == 0..<5)
    }

    @Test func `an empty ring begins anew, one that is not goes on`() {
        var ring = RingLedger(capacity: 10, readers: 2)
        ring.wrote(6)
        ring.took(6, 0)
        ring.rewind()
        #expect(ring.writable == 6..<10)
        ring.took(6, 1)
        ring.rewind()
        #expect(ring.writable == 0..<10)
        ring.wrote(3)
        ring.took(3, 0)
        #expect(ring.readable(1) == 0..<3)
        ring.leave(1)
        ring.rewind()
        #expect(ring.writable == 0..<10)
        #expect(ring.head == 9)
    }

    @Test func `a reader that left holds nothing back and has nothing to read`() {
        var ring = RingLedger(capacity: 10, readers: 2)
        ring.wrote(10)
        ring.took(7, 0)
        ring.leave(1)
        #expect(ring.space == 7)
        #expect(ring.backlog(1) == 0)
        #expect(ring.readable(1).isEmpty)
        ring.leave(0)
        #expect(ring.space == 10)
    }

    @Test func `a ring of one byte works`() {
        var ring = RingLedger(capacity: 1, readers: 1)
        for _ in 0..<5 {
            #expect(ring.writable == 0..<1)
            ring.wrote(1)
            #expect(ring.writable.isEmpty)
            #expect(ring.readable(0) == 0..<1)
            ring.took(1, 0)
        }
        #expect(ring.head == 5)
    }

    @Test(arguments: 1...200) func `random use agrees with one queue a reader`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let capacity = Int.random(in: 1...40, using: &random)
        let readers = Int.random(in: 1...4, using: &random)
        var ring = RingLedger(capacity: capacity, readers: readers)
        var memory = [Int](repeating: -1, count: capacity)
        /// What each reader has not read yet, number by number; nil when it left.
        var queues: [[Int]?] = Array(repeating: [], count: readers)
        var written = 0
        for step in 0..<200 {
            let reader = Int.random(in: 0..<readers, using: &random)
            switch Int.random(in: 0..<20, using: &random) {
            case 0 where step > 100:
                ring.leave(reader)
                queues[reader] = nil
            case 0...9:
                if Bool.random(using: &random) { ring.rewind() }
                let region = ring.writable.prefix(Int.random(in: 0...capacity, using: &random))
                for offset in region {
                    memory[offset] = written
                    for index in queues.indices { queues[index]?.append(written) }
                    written += 1
                }
                ring.wrote(region.count)
            default:
                let region = ring.readable(reader).prefix(Int.random(in: 0...capacity, using: &random))
                let expected = queues[reader]?.prefix(region.count) ?? []
                #expect(Array(memory[region]) == Array(expected), "seed \(seed), step \(step)")
                queues[reader]?.removeFirst(region.count)
                ring.took(region.count, reader)
            }
            let longest = queues.compactMap { $0?.count }.max() ?? 0
            #expect(ring.space == capacity - longest, "seed \(seed), step \(step)")
            #expect(ring.writable.isEmpty == (ring.space == 0), "seed \(seed), step \(step)")
            #expect(ring.head == written, "seed \(seed), step \(step)")
            for index in queues.indices {
                let unread = queues[index]?.count ?? 0
                #expect(ring.backlog(index) == unread, "seed \(seed), step \(step)")
                #expect(ring.readable(index).isEmpty == (unread == 0), "seed \(seed), step \(step)")
            }
        }
    }
}
