// A producer by script.

import CopyCore

/// Gives what its script says, then ends.
final class FakeProducer: Producer {
    enum Turn {
        /// Rows, given in as many fills as the space makes necessary.
        case rows([String])
        /// Nothing until the descriptor can be read.
        case block
        case fail(Trouble)
        /// The end, with so many messages of its own.
        case end(messages: Int)
    }

    let label: String
    let descriptor: CInt
    let layout = RowLayout.text
    private(set) var totals = Totals.zero

    var turns: [Turn]
    var entering = WorkScript()
    var realigning = WorkScript()
    /// What happens in the world while it realigns.
    var whileRealigning: () -> Void = {}
    private(set) var calls: [String] = []
    private var pending: ArraySlice<UInt8> = []
    private var entered = false

    init(_ turns: [Turn], label: String = "source", descriptor: CInt = 100) {
        self.turns = turns
        self.label = label
        self.descriptor = descriptor
    }

    /// A producer of these rows that never blocks.
    convenience init(rows: [String]) { self.init([.rows(rows)]) }

    func called(_ name: String) -> Int { calls.count { $0 == name } }

    func enter() throws -> Step {
        calls.append("enter")
        guard !entered else { throw PgcopyError.alreadyUsed }
        let step = try entering.step(descriptor)
        entered = step == .done
        return step
    }

    func fill(_ space: inout MutableRawSpan) throws -> Filled {
        calls.append("fill")
        if pending.isEmpty {
            guard let turn = turns.first else { return .ended(.zero) }
            turns.removeFirst()
            switch turn {
            case .rows(let rows): pending = Array(rows.joined().utf8)[...]
            case .block: return .blocked(Interest(descriptor, .read))
            case .fail(let error): throw error
            case .end(let messages):
                totals += Totals(messages: messages)
                return .ended(Totals(messages: messages))
            }
        }
        let piece = pending.prefix(space.byteCount)
        for (offset, byte) in piece.enumerated() { space.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self) }
        pending = pending.dropFirst(piece.count)
        let moved = Totals(messages: piece.count { $0 == UInt8(ascii: "\n") }, bytes: piece.count)
        totals += moved
        return .moved(moved)
    }

    func realign() throws -> Step {
        calls.append("realign")
        whileRealigning()
        let step = try realigning.step(descriptor)
        if step == .done { calls.append("realigned") }
        return step
    }

    func abandon() { calls.append("abandon") }

    /// Nil: it cannot be asked.
    var inquiring: (() -> Inquiry)?

    func inquire() throws -> Inquiry? {
        calls.append("inquire")
        return inquiring?()
    }
}

/// So many numbered rows of a few bytes.
func numberedRows(_ count: Int) -> [String] { (0..<count).map { "\($0)\trow \($0)\n" } }
