// Role: a producer without a server: what a server would send lies in memory and is parsed as it comes.

import CopyCore

/// Gives the same rows again and again. Each fill copies as the kernel would, then takes the headers out.
final class WireReplay: Producer {
    let label = "memory"
    let layout = RowLayout.text
    private(set) var totals = Totals.zero

    private let wire: [UInt8]
    private var position = 0
    private var left: Int
    private var parser = CopyStreamParser()

    /// Rows of so many bytes, `total` bytes of them, headers not counted.
    init(rowBytes: Int, total: Int) {
        let row = Array(repeating: UInt8(ascii: "x"), count: rowBytes - 1) + [UInt8(ascii: "\n")]
        let length = UInt32(rowBytes + 4)
        let header = [UInt8(ascii: "d")] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) }
        let frame = header + row
        // As much as stays in the processor's cache, as what a socket just gave would.
        let repeats = max(1, (1 << 18) / frame.count)
        wire = Array((0..<repeats).map { _ in frame }.joined())
        left = max(1, total / (repeats * rowBytes)) * wire.count
    }

    func enter() -> Step { .done }

    func fill(_ space: inout MutableRawSpan) throws -> Filled {
        guard left > 0 else { return .ended(.zero) }
        let count = min(space.byteCount, wire.count - position, left)
        wire.withUnsafeBytes { source in
            space.withUnsafeMutableBytes { target in
                target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[position..<position + count]))
            }
        }
        position = (position + count) % wire.count
        left -= count
        let parsed = try parser.parse(&space, received: count)
        let moved = Totals(messages: parsed.messages, bytes: parsed.payload)
        totals += moved
        return .moved(moved)
    }

    func realign() -> Step { .done }
    func abandon() {}
}
