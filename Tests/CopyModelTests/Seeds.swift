// Random tests that can be run again: every failure prints the seed of its round.

/// SplitMix64: small, and the same on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// Some bytes of an alphabet.
    mutating func bytes(of alphabet: [UInt8], upTo count: Int) -> [UInt8] {
        (0..<Int.random(in: 0...count, using: &self)).map { _ in alphabet.randomElement(using: &self)! }
    }

    /// Cuts a length into pieces, empty ones among them.
    mutating func pieces(of length: Int, upTo largest: Int) -> [Range<Int>] {
        var pieces: [Range<Int>] = []
        var start = 0
        while start < length {
            let end = min(length, start + Int.random(in: 0...largest, using: &self))
            pieces.append(start..<end)
            start = end
        }
        return pieces
    }
}

/// Shows a piece of bytes as part of a larger buffer, so that a wrong index meets a byte that is not its own.
func embedded<R>(_ bytes: ArraySlice<UInt8>, _ body: (RawSpan) -> R) -> R {
    let before = Array("BEFORE\n\r\\\"d".utf8)
    let whole = before + bytes + Array("\n\"\\.\rdAFTER".utf8)
    return body(whole.span.bytes.extracting(before.count..<(before.count + bytes.count)))
}

/// As `embedded`, of a whole array.
func embedded<R>(_ bytes: [UInt8], _ body: (RawSpan) -> R) -> R { embedded(bytes[...], body) }
