// A receiver by script.

@testable import CopyCore

/// Takes as its script says; when the script is over, everything.
final class FakeReceiver: Receiver {
    enum Turn {
        case take(Int)
        /// Takes so much, then waits until its descriptor can be written.
        case takeThenBlock(Int)
        case block
        case fail(Trouble)
    }

    let label: String
    let descriptor: CInt
    private(set) var commandTag: String?
    var attention: Interest?

    var turns: [Turn] = []
    /// What it does when no turn is left; nil: takes everything.
    var ever: Turn?
    /// Fails once before it takes the byte with this number.
    var failsBeforeByte: Int?
    var entering = WorkScript()
    var finishing = WorkScript()
    var aborting = WorkScript()
    /// The question whether it is at work.
    var inquiring: (() -> Inquiry)?
    /// What attending does once, if anything.
    var attending: Trouble?

    private(set) var received: [UInt8] = []
    private(set) var calls: [String] = []
    private(set) var reason: String?
    private var entered = false

    init(_ label: String, descriptor: CInt = 1, _ turns: [Turn] = []) {
        self.label = label
        self.descriptor = descriptor
        self.turns = turns
    }

    var text: String { String(decoding: received, as: UTF8.self) }

    func called(_ name: String) -> Int { calls.count { $0 == name } }

    func enter(_ layout: RowLayout) throws -> Step {
        calls.append("enter")
        guard !entered else { throw PgcopyError.alreadyUsed }
        let step = try entering.step(descriptor)
        entered = step == .done
        return step
    }

    func attend(_ ready: Readiness) throws -> Interest? {
        calls.append("attend")
        if let error = attending {
            attending = nil
            throw error
        }
        return nil
    }

    func drain(_ bytes: RawSpan) throws -> Drained {
        calls.append("drain")
        if let place = failsBeforeByte, place < received.count + bytes.byteCount {
            guard place == received.count else { return take(place - received.count, bytes) }
            failsBeforeByte = nil
            throw Trouble("\(label) at byte \(place)")
        }
        switch turns.isEmpty ? ever : turns.removeFirst() {
        case nil: return take(bytes.byteCount, bytes)
        case .take(let count): return take(count, bytes)
        case .takeThenBlock(let count):
            return Drained(taken: take(count, bytes).taken, blocked: Interest(descriptor, .write))
        case .block: return Drained(taken: 0, blocked: Interest(descriptor, .write))
        case .fail(let error): throw error
        }
    }

    private func take(_ count: Int, _ bytes: RawSpan) -> Drained {
        let count = min(count, bytes.byteCount)
        for offset in 0..<count { received.append(bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)) }
        return Drained(taken: count)
    }

    func finish() throws -> Step {
        calls.append("finish")
        let step = try finishing.step(descriptor)
        if step == .done { commandTag = "COPY \(received.count { $0 == UInt8(ascii: "\n") })" }
        return step
    }

    func abort(_ reason: String) throws -> Step {
        calls.append("abort")
        self.reason = reason
        let step = try aborting.step(descriptor)
        if step == .done { calls.append("aborted") }
        return step
    }

    func abandon() { calls.append("abandon") }

    func inquire() throws -> Inquiry? {
        calls.append("inquire")
        return inquiring?()
    }
}
