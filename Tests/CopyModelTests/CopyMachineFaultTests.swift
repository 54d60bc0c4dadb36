// Conversations with the machine when receivers or the producer fail.

import CopyModel
import Testing

struct CopyMachineFaultTests {
    /// A machine in the middle of a cycle: five bytes are in the ring and receiver 0 has its turn.
    private static func serving(_ receivers: Int) -> CopyMachine {
        var machine = CopyMachine(receivers: receivers, ring: 8, chunk: 8)
        _ = machine.cycleBegan()
        _ = machine.polled()
        #expect(machine.filled(row(5)) == .drain(receiver: 0, 0..<5))
        return machine
    }

    @Test func `every receiver has its turn whatever another one does`() {
        var machine = Self.serving(3)
        #expect(machine.receiverFaulted(inTurn: 0) == .drain(receiver: 1, 0..<5))
        #expect(machine.took(5, 1, blocked: false) == .drain(receiver: 2, 0..<5))
        #expect(machine.took(5, 2, blocked: false) == .raiseReceivers([0]))
        #expect(machine.isActive(0) == false)
        #expect(machine.isActive(1) == true)
    }

    @Test func `all faults of one cycle are raised together`() {
        var machine = Self.serving(3)
        #expect(machine.receiverFaulted(inTurn: 0) == .drain(receiver: 1, 0..<5))
        #expect(machine.took(5, 1, blocked: false) == .drain(receiver: 2, 0..<5))
        #expect(machine.receiverFaulted(inTurn: 2) == .raiseReceivers([0, 2]))
    }

    @Test func `a fault outside of a turn is raised at the end of the cycle`() {
        var machine = CopyMachine(receivers: 2, ring: 8, chunk: 8)
        #expect(machine.cycleBegan() == .poll(block: false))
        machine.receiverFaulted(0)
        #expect(machine.isActive(0) == false)
        #expect(machine.polled() == .fill(0..<8))
        #expect(machine.filled(row(5)) == .drain(receiver: 1, 0..<5))
        #expect(machine.took(5, 1, blocked: false) == .raiseReceivers([0]))
    }

    @Test func `a fault is raised once`() {
        var machine = Self.serving(2)
        machine.receiverFaulted(0)
        #expect(machine.receiverFaulted(inTurn: 0) == .drain(receiver: 1, 0..<5))
        #expect(machine.took(5, 1, blocked: false) == .raiseReceivers([0]))
        _ = machine.cycleBegan()
        _ = machine.polled()
        #expect(machine.filled(row(2)) == .drain(receiver: 1, 0..<2))
        #expect(machine.took(2, 1, blocked: false) == .report(Totals(messages: 2, bytes: 7)))
    }

    @Test func `what a faulted cycle moved comes with the next report`() {
        var machine = Self.serving(2)
        _ = machine.receiverFaulted(inTurn: 0)
        #expect(machine.took(5, 1, blocked: false) == .raiseReceivers([0]))
        _ = machine.cycleBegan()
        #expect(machine.polled() == .fill(0..<8))
        #expect(machine.filled(row(1)) == .drain(receiver: 1, 0..<1))
        #expect(machine.took(1, 1, blocked: false) == .report(Totals(messages: 2, bytes: 6)))
    }

    @Test func `what a faulted cycle moved does not wait for more to move`() {
        var machine = CopyMachine(receivers: 2, ring: 8, chunk: 8)
        _ = machine.cycleBegan()
        _ = machine.polled()
        _ = machine.filled(row(8))
        _ = machine.receiverFaulted(inTurn: 0)
        #expect(machine.took(8, 1, blocked: true) == .raiseReceivers([0]))
        // Receiver 0 is given up, so there is room; but the producer has nothing.
        #expect(machine.cycleBegan() == .poll(block: false))
        #expect(machine.polled() == .fill(0..<8))
        #expect(machine.producerBlocked() == .report(row(8)))
        #expect(machine.cycleBegan() == .poll(block: true))
    }

    @Test func `what a faulted cycle moved is reported before a wait`() {
        var machine = CopyMachine(receivers: 2, ring: 8, chunk: 8)
        _ = machine.cycleBegan()
        _ = machine.polled()
        _ = machine.filled(row(8))
        _ = machine.receiverFaulted(inTurn: 0)
        #expect(machine.took(0, 1, blocked: true) == .raiseReceivers([0]))
        // The ring is full and the receiver left is blocked: nothing can move, something can be reported.
        #expect(machine.cycleBegan() == .poll(block: false))
        #expect(machine.polled() == .report(row(8)))
        #expect(machine.cycleBegan() == .poll(block: true))
    }

    @Test func `what the last cycle moved is reported before the end although a receiver faulted in it`() {
        var machine = CopyMachine(receivers: 2, ring: 8, chunk: 8)
        _ = machine.cycleBegan()
        _ = machine.polled()
        #expect(machine.producerEnded(Totals(messages: 1)) == .finish(receiver: 0))
        #expect(machine.receiverFaulted(inTurn: 0) == .finish(receiver: 1))
        #expect(machine.confirmed(1) == .raiseReceivers([0]))
        #expect(machine.cycleBegan() == .report(Totals(messages: 1)))
        #expect(machine.cycleBegan() == .end)
        #expect(machine.isComplete == true)
    }

    @Test func `a receiver given up frees the ring`() {
        var machine = CopyMachine(receivers: 2, ring: 5, chunk: 8)
        _ = machine.cycleBegan()
        #expect(machine.polled() == .fill(0..<5))
        _ = machine.filled(row(5))
        _ = machine.receiverFaulted(inTurn: 0)
        #expect(machine.took(5, 1, blocked: false) == .raiseReceivers([0]))
        // Until then its data is kept.
        #expect(machine.backlog(0) == 5)
        #expect(machine.cycleBegan() == .poll(block: false))
        #expect(machine.backlog(0) == 0)
        #expect(machine.polled() == .fill(0..<5))
    }

    @Test func `the last receiver given up ends the copy without success`() {
        var machine = Self.serving(1)
        #expect(machine.receiverFaulted(inTurn: 0) == .raiseReceivers([0]))
        #expect(machine.isOver == false)
        // What was moved is told first.
        #expect(machine.cycleBegan() == .report(row(5)))
        #expect(machine.cycleBegan() == .end)
        #expect(machine.isOver == true)
        #expect(machine.isComplete == false)
    }

    @Test func `a fault while the end is awaited leaves the others to be confirmed`() {
        var machine = CopyMachine(receivers: 2, ring: 8, chunk: 8)
        _ = machine.cycleBegan()
        _ = machine.polled()
        #expect(machine.producerEnded() == .finish(receiver: 0))
        #expect(machine.unconfirmed(0) == .finish(receiver: 1))
        #expect(machine.unconfirmed(1) == .poll(block: true))
        machine.receiverFaulted(0)
        #expect(machine.polled() == .raiseReceivers([0]))
        #expect(machine.cycleBegan() == .poll(block: true))
        machine.receiverBecameReady(1)
        #expect(machine.polled() == .finish(receiver: 1))
        #expect(machine.confirmed(1) == .end)
        #expect(machine.isComplete == true)
    }

    @Test func `a confirmed receiver cannot fault any more`() {
        var machine = CopyMachine(receivers: 1, ring: 8, chunk: 8)
        _ = machine.cycleBegan()
        _ = machine.polled()
        _ = machine.producerEnded(Totals(messages: 1))
        #expect(machine.confirmed(0) == .report(Totals(messages: 1)))
        machine.receiverFaulted(0)
        #expect(machine.isConfirmed(0) == true)
        #expect(machine.cycleBegan() == .end)
        #expect(machine.isComplete == true)
    }

    @Test func `the end waits until the last fault could be reconciled`() {
        var machine = CopyMachine(receivers: 2, ring: 8, chunk: 8)
        _ = machine.cycleBegan()
        _ = machine.polled()
        #expect(machine.producerEnded() == .finish(receiver: 0))
        #expect(machine.confirmed(0) == .finish(receiver: 1))
        #expect(machine.receiverFaulted(inTurn: 1) == .raiseReceivers([1]))
        #expect(machine.isOver == false)
        #expect(machine.isComplete == false)
        #expect(machine.cycleBegan() == .end)
        #expect(machine.isComplete == true)
    }

    // MARK: The producer

    @Test func `a producer's fault changes nothing`() {
        var machine = CopyMachine(receivers: 1, ring: 8, chunk: 8)
        _ = machine.cycleBegan()
        _ = machine.polled()
        _ = machine.filled(row(3))
        #expect(machine.took(2, 0, blocked: false) == .report(row(3)))
        _ = machine.cycleBegan()
        #expect(machine.polled() == .fill(3..<8))
        #expect(machine.producerFaulted() == .raiseProducer)
        #expect(machine.isActive(0) == true)
        #expect(machine.backlog(0) == 1)
        // The same is asked again.
        #expect(machine.cycleBegan() == .poll(block: false))
        #expect(machine.polled() == .fill(3..<8))
        #expect(machine.filled(row(2)) == .drain(receiver: 0, 2..<5))
        #expect(machine.took(3, 0, blocked: false) == .report(row(2)))
    }

    @Test func `a producer's fault keeps what a faulted cycle moved`() {
        var machine = Self.serving(2)
        _ = machine.receiverFaulted(inTurn: 0)
        #expect(machine.took(5, 1, blocked: false) == .raiseReceivers([0]))
        _ = machine.cycleBegan()
        _ = machine.polled()
        #expect(machine.producerFaulted() == .raiseProducer)
        _ = machine.cycleBegan()
        _ = machine.polled()
        #expect(machine.producerEnded() == .finish(receiver: 1))
        #expect(machine.confirmed(1) == .report(row(5)))
    }

    @Test func `a receiver's fault before a producer's is raised in the next cycle`() {
        var machine = CopyMachine(receivers: 2, ring: 8, chunk: 8)
        _ = machine.cycleBegan()
        machine.receiverFaulted(1)
        #expect(machine.polled() == .fill(0..<8))
        #expect(machine.producerFaulted() == .raiseProducer)
        #expect(machine.canReconcile(1) == true)
        // It was not told yet, so it is not given up yet, and telling it needs no waiting.
        #expect(machine.cycleBegan() == .poll(block: false))
        #expect(machine.canReconcile(1) == true)
        #expect(machine.polled() == .fill(0..<8))
        #expect(machine.producerBlocked() == .raiseReceivers([1]))
    }
}
