// Conversations with the machine of a copy that goes well.

import CopyModel
import Testing

/// One row of so many bytes.
func row(_ bytes: Int) -> Totals { Totals(messages: 1, bytes: bytes) }

struct CopyMachineTests {
    @Test func `one chunk goes to one receiver and the end is confirmed`() {
        var machine = CopyMachine(receivers: 1, ring: 10, chunk: 6)
        // idle → polling → filling → serving → idle
        #expect(machine.cycleBegan() == .poll(block: false))
        #expect(machine.polled() == .fill(0..<6))
        #expect(machine.filled(row(4)) == .drain(receiver: 0, 0..<4))
        #expect(machine.took(4, 0, blocked: false) == .report(row(4)))
        // open → ended; receiving → finishing → confirmed; serving → polling → over
        #expect(machine.cycleBegan() == .poll(block: false))
        #expect(machine.polled() == .fill(0..<6))
        #expect(machine.producerEnded() == .finish(receiver: 0))
        #expect(machine.isFinishing(0) == true)
        #expect(machine.confirmed(0) == .end)
        #expect(machine.isConfirmed(0) == true)
        #expect(machine.isOver == true)
        #expect(machine.isComplete == true)
    }

    @Test func `the end is told as often as it is asked for`() {
        var machine = CopyMachine(receivers: 1, ring: 10, chunk: 10)
        _ = machine.cycleBegan()
        _ = machine.polled()
        _ = machine.producerEnded()
        #expect(machine.confirmed(0) == .end)
        #expect(machine.cycleBegan() == .end)
        #expect(machine.cycleBegan() == .end)
        #expect(machine.isComplete == true)
    }

    @Test func `a producer without rows is a success with no report`() {
        var machine = CopyMachine(receivers: 2, ring: 10, chunk: 10)
        #expect(machine.cycleBegan() == .poll(block: false))
        #expect(machine.polled() == .fill(0..<10))
        #expect(machine.producerEnded() == .finish(receiver: 0))
        #expect(machine.confirmed(0) == .finish(receiver: 1))
        #expect(machine.isOver == false)
        #expect(machine.confirmed(1) == .end)
        #expect(machine.isComplete == true)
    }

    @Test func `what comes with the end is reported before the end`() {
        var machine = CopyMachine(receivers: 1, ring: 10, chunk: 10)
        _ = machine.cycleBegan()
        _ = machine.polled()
        // A last line without its end: its bytes were moved before.
        #expect(machine.producerEnded(Totals(messages: 1)) == .finish(receiver: 0))
        #expect(machine.confirmed(0) == .report(Totals(messages: 1)))
        #expect(machine.isComplete == false)
        #expect(machine.cycleBegan() == .end)
        #expect(machine.isComplete == true)
    }

    @Test func `without receivers it is over at once and not a success`() {
        var machine = CopyMachine(receivers: 0, ring: 10, chunk: 10)
        #expect(machine.cycleBegan() == .end)
        #expect(machine.isOver == true)
        #expect(machine.isComplete == false)
    }

    @Test func `a producer without data is waited for`() {
        var machine = CopyMachine(receivers: 1, ring: 10, chunk: 10)
        #expect(machine.wantsProducer == false)
        #expect(machine.cycleBegan() == .poll(block: false))
        #expect(machine.polled() == .fill(0..<10))
        // open → blocked; nothing to report, so the same cycle polls again: serving → polling
        #expect(machine.producerBlocked() == .poll(block: true))
        #expect(machine.wantsProducer == true)
        // blocked stays blocked while something else was ready.
        #expect(machine.polled() == .poll(block: true))
        // blocked → open
        machine.producerBecameReady()
        #expect(machine.wantsProducer == false)
        #expect(machine.polled() == .fill(0..<10))
        #expect(machine.filled(row(3)) == .drain(receiver: 0, 0..<3))
        #expect(machine.took(3, 0, blocked: false) == .report(row(3)))
    }

    @Test func `a wait that is too long ends in an idle report`() {
        var machine = CopyMachine(receivers: 1, ring: 10, chunk: 10)
        _ = machine.cycleBegan()
        _ = machine.polled()
        #expect(machine.producerBlocked() == .poll(block: true))
        // polling → idle
        #expect(machine.idled() == .report(.zero))
        #expect(machine.cycleBegan() == .poll(block: true))
        #expect(machine.idled() == .report(.zero))
        machine.producerBecameReady()
        #expect(machine.cycleBegan() == .poll(block: false))
    }

    @Test func `something that holds the producer back keeps it from being asked`() {
        var machine = CopyMachine(receivers: 1, ring: 10, chunk: 10)
        #expect(machine.cycleBegan(mayFill: false) == .poll(block: true))
        #expect(machine.polled(mayFill: false) == .poll(block: true))
        #expect(machine.polled(mayFill: true) == .fill(0..<10))
        #expect(machine.filled(row(2)) == .drain(receiver: 0, 0..<2))
        #expect(machine.took(1, 0, blocked: false) == .report(row(2)))
        // Held back again, but a receiver has work.
        #expect(machine.cycleBegan(mayFill: false) == .poll(block: false))
        #expect(machine.polled(mayFill: false) == .drain(receiver: 0, 1..<2))
        #expect(machine.took(1, 0, blocked: false) == .poll(block: true))
    }

    @Test func `the end of the ring is filled and drained in two pieces`() {
        var machine = CopyMachine(receivers: 1, ring: 10, chunk: 10)
        _ = machine.cycleBegan()
        _ = machine.polled()
        #expect(machine.filled(row(7)) == .drain(receiver: 0, 0..<7))
        #expect(machine.took(5, 0, blocked: true) == .report(row(7)))
        _ = machine.cycleBegan()
        #expect(machine.polled() == .fill(7..<10))
        #expect(machine.filled(row(3)) == .report(row(3)))
        _ = machine.cycleBegan()
        #expect(machine.polled() == .fill(0..<5))
        machine.receiverBecameReady(0)
        #expect(machine.filled(row(2)) == .drain(receiver: 0, 5..<10))
        #expect(machine.took(5, 0, blocked: false) == .report(row(2)))
        _ = machine.cycleBegan()
        _ = machine.polled()
        #expect(machine.producerBlocked() == .drain(receiver: 0, 0..<2))
        #expect(machine.took(2, 0, blocked: false) == .poll(block: true))
    }

    @Test func `a slow receiver holds the ring and a fast one goes on until it is full`() {
        var machine = CopyMachine(receivers: 2, ring: 8, chunk: 4)
        _ = machine.cycleBegan()
        #expect(machine.polled() == .fill(0..<4))
        #expect(machine.filled(row(4)) == .drain(receiver: 0, 0..<4))
        #expect(machine.took(0, 0, blocked: true) == .drain(receiver: 1, 0..<4))
        #expect(machine.took(4, 1, blocked: false) == .report(row(4)))
        #expect(machine.isBlocked(0) == true)
        #expect(machine.isBlocked(1) == false)
        #expect(machine.backlog(0) == 4)
        #expect(machine.backlog(1) == 0)

        // The slow one is not asked; the fast one gets the rest of the ring.
        #expect(machine.cycleBegan() == .poll(block: false))
        #expect(machine.polled() == .fill(4..<8))
        #expect(machine.filled(row(4)) == .drain(receiver: 1, 4..<8))
        #expect(machine.took(4, 1, blocked: false) == .report(row(4)))

        // Full: nothing is asked of the producer, and its descriptor is not worth watching.
        #expect(machine.cycleBegan() == .poll(block: true))
        #expect(machine.wantsProducer == false)
        #expect(machine.polled() == .poll(block: true))

        // A single byte taken is a byte to fill.
        machine.receiverBecameReady(0)
        #expect(machine.polled() == .drain(receiver: 0, 0..<8))
        #expect(machine.took(1, 0, blocked: true) == .poll(block: false))
        #expect(machine.polled() == .fill(0..<1))
        #expect(machine.filled(Totals(bytes: 1)) == .drain(receiver: 1, 0..<1))
        #expect(machine.took(1, 1, blocked: false) == .report(Totals(bytes: 1)))
    }

    @Test func `a full ring leaves a blocked producer unwatched`() {
        var machine = CopyMachine(receivers: 1, ring: 4, chunk: 4)
        _ = machine.cycleBegan()
        _ = machine.polled()
        _ = machine.filled(row(3))
        _ = machine.took(0, 0, blocked: true)
        _ = machine.cycleBegan()
        #expect(machine.polled() == .fill(3..<4))
        #expect(machine.producerBlocked() == .poll(block: true))
        #expect(machine.wantsProducer == true)
        machine.producerBecameReady()
        #expect(machine.polled() == .fill(3..<4))
        #expect(machine.filled(row(1)) == .report(row(1)))
        #expect(machine.cycleBegan() == .poll(block: true))
        #expect(machine.wantsProducer == false)
    }

    @Test func `the end waits for what receivers still owe and for every confirmation`() {
        var machine = CopyMachine(receivers: 2, ring: 8, chunk: 8)
        _ = machine.cycleBegan()
        _ = machine.polled()
        #expect(machine.filled(row(5)) == .drain(receiver: 0, 0..<5))
        #expect(machine.took(2, 0, blocked: true) == .drain(receiver: 1, 0..<5))
        #expect(machine.took(5, 1, blocked: false) == .report(row(5)))
        _ = machine.cycleBegan()
        #expect(machine.polled() == .fill(5..<8))
        // The second one is finished while the first still takes data.
        #expect(machine.producerEnded() == .finish(receiver: 1))
        #expect(machine.sourceEnded == true)
        #expect(machine.unconfirmed(1) == .poll(block: true))
        #expect(machine.isFinishing(1) == true)
        #expect(machine.isBlocked(1) == true)
        // The producer is not asked again.
        machine.receiverBecameReady(0)
        #expect(machine.polled() == .drain(receiver: 0, 2..<5))
        #expect(machine.took(3, 0, blocked: false) == .poll(block: false))
        #expect(machine.polled() == .finish(receiver: 0))
        #expect(machine.confirmed(0) == .poll(block: true))
        machine.receiverBecameReady(1)
        #expect(machine.polled() == .finish(receiver: 1))
        #expect(machine.unconfirmed(1) == .poll(block: true))
        machine.receiverBecameReady(1)
        #expect(machine.polled() == .finish(receiver: 1))
        #expect(machine.confirmed(1) == .end)
        #expect(machine.isComplete == true)
    }

    @Test func `a receiver that took everything but could not send it on is finished when it can`() {
        var machine = CopyMachine(receivers: 1, ring: 8, chunk: 8)
        _ = machine.cycleBegan()
        _ = machine.polled()
        _ = machine.filled(row(5))
        #expect(machine.took(5, 0, blocked: true) == .report(row(5)))
        _ = machine.cycleBegan()
        _ = machine.polled()
        #expect(machine.producerEnded() == .poll(block: true))
        machine.receiverBecameReady(0)
        #expect(machine.polled() == .finish(receiver: 0))
    }

    @Test func `being ready without having been blocked changes nothing`() {
        var machine = CopyMachine(receivers: 1, ring: 8, chunk: 8)
        machine.producerBecameReady()
        machine.receiverBecameReady(0)
        #expect(machine.cycleBegan() == .poll(block: false))
        machine.receiverBecameReady(0)
        #expect(machine.polled() == .fill(0..<8))
    }

    @Test func `a cycle cut short by an interruption is begun again`() {
        var machine = CopyMachine(receivers: 1, ring: 8, chunk: 8)
        _ = machine.cycleBegan()
        _ = machine.polled()
        #expect(machine.producerBlocked() == .poll(block: true))
        // The poll threw; the next call begins anew.
        #expect(machine.cycleBegan() == .poll(block: true))
        machine.producerBecameReady()
        #expect(machine.polled() == .fill(0..<8))
    }

    @Test func `a ring that is all but full waits until a read is worth its call`() {
        var machine = CopyMachine(receivers: 1, ring: 64, chunk: 62)
        _ = machine.cycleBegan()
        #expect(machine.polled() == .fill(0..<62))
        #expect(machine.filled(row(62)) == .drain(receiver: 0, 0..<62))
        // Two bytes are free, four would be a fill.
        #expect(machine.took(1, 0, blocked: true) == .report(row(62)))
        #expect(machine.cycleBegan() == .poll(block: true))
        machine.receiverBecameReady(0)
        #expect(machine.polled() == .drain(receiver: 0, 1..<62))
        // Nothing to report yet.
        #expect(machine.took(1, 0, blocked: true) == .poll(block: false))
        #expect(machine.polled() == .fill(62..<64))
    }
}
