// Conversations with the machine about putting a faulted receiver back.

import CopyModel
import Testing

struct CopyMachineReconcileTests {
    /// Receiver 0 took two of five bytes before, then faulted; receiver 1 took all.
    private static func faulted() -> CopyMachine {
        var machine = CopyMachine(receivers: 2, ring: 8, chunk: 8)
        _ = machine.cycleBegan()
        _ = machine.polled()
        _ = machine.filled(row(5))
        _ = machine.took(2, 0, blocked: false)
        #expect(machine.took(5, 1, blocked: false) == .report(row(5)))
        _ = machine.cycleBegan()
        _ = machine.polled()
        #expect(machine.producerBlocked() == .drain(receiver: 0, 2..<5))
        #expect(machine.receiverFaulted(inTurn: 0) == .raiseReceivers([0]))
        return machine
    }

    @Test func `a reconciled receiver goes on from the byte where it stopped`() {
        var machine = Self.faulted()
        #expect(machine.canReconcile(0) == true)
        #expect(machine.readable(0) == 2..<5)
        machine.reconciled(0, took: 1, blocked: false)
        #expect(machine.isActive(0) == true)
        #expect(machine.backlog(0) == 2)
        #expect(machine.canReconcile(0) == false)
        #expect(machine.cycleBegan() == .poll(block: false))
        #expect(machine.polled() == .drain(receiver: 0, 3..<5))
        #expect(machine.took(2, 0, blocked: false) == .poll(block: true))
    }

    @Test func `a receiver reconciled but still blocked is waited for`() {
        var machine = Self.faulted()
        machine.reconciled(0, took: 0, blocked: true)
        #expect(machine.isBlocked(0) == true)
        #expect(machine.cycleBegan() == .poll(block: true))
        machine.receiverBecameReady(0)
        #expect(machine.polled() == .drain(receiver: 0, 2..<5))
    }

    @Test func `after the next cycle began it is too late`() {
        var machine = Self.faulted()
        _ = machine.cycleBegan()
        #expect(machine.canReconcile(0) == false)
        #expect(machine.isActive(0) == false)
        // Said all the same, it changes nothing.
        machine.reconciled(0, took: 0, blocked: false)
        #expect(machine.isActive(0) == false)
        machine.receiverFaulted(0)
        #expect(machine.canReconcile(0) == false)
    }

    @Test func `a receiver that did not fault cannot be reconciled`() {
        var machine = Self.faulted()
        #expect(machine.canReconcile(1) == false)
        machine.reconciled(1, took: 0, blocked: true)
        #expect(machine.isBlocked(1) == false)
    }

    @Test func `a receiver that faulted while its end was awaited is finished again`() {
        var machine = CopyMachine(receivers: 1, ring: 8, chunk: 8)
        _ = machine.cycleBegan()
        _ = machine.polled()
        #expect(machine.producerEnded() == .finish(receiver: 0))
        #expect(machine.receiverFaulted(inTurn: 0) == .raiseReceivers([0]))
        #expect(machine.canReconcile(0) == true)
        machine.reconciled(0, took: 0, blocked: false)
        #expect(machine.isFinishing(0) == true)
        #expect(machine.cycleBegan() == .poll(block: false))
        #expect(machine.polled() == .finish(receiver: 0))
        #expect(machine.confirmed(0) == .end)
        #expect(machine.isComplete == true)
    }

    @Test func `a reconciled receiver that faults again is raised again`() {
        var machine = Self.faulted()
        machine.reconciled(0, took: 1, blocked: false)
        _ = machine.cycleBegan()
        #expect(machine.polled() == .drain(receiver: 0, 3..<5))
        #expect(machine.receiverFaulted(inTurn: 0) == .raiseReceivers([0]))
        #expect(machine.canReconcile(0) == true)
        #expect(machine.readable(0) == 3..<5)
    }

    @Test func `the only receiver reconciled completes the copy with every byte reported once`() {
        var machine = CopyMachine(receivers: 1, ring: 8, chunk: 8)
        _ = machine.cycleBegan()
        _ = machine.polled()
        _ = machine.filled(row(5))
        #expect(machine.receiverFaulted(inTurn: 0) == .raiseReceivers([0]))
        machine.reconciled(0, took: 5, blocked: false)
        _ = machine.cycleBegan()
        _ = machine.polled()
        #expect(machine.producerEnded() == .finish(receiver: 0))
        #expect(machine.confirmed(0) == .report(row(5)))
        #expect(machine.cycleBegan() == .end)
        #expect(machine.isComplete == true)
    }

    @Test func `a receiver given up by its user is out at once`() {
        var machine = Self.faulted()
        machine.giveUp(0)
        #expect(machine.canReconcile(0) == false)
        #expect(machine.backlog(0) == 0)
    }
}
