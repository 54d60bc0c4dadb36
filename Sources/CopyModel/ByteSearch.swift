// Finding a few bytes among many, eight at a time.

extension RawSpan {
    /// Where the first of three bytes is at or behind an offset; `byteCount` where none is.
    @inline(__always)
    func first(of one: UInt8, _ two: UInt8, _ three: UInt8, from start: Int) -> Int {
        let (ones, twos, threes) = (repeated(one), repeated(two), repeated(three))
        var offset = start
        while offset &+ 8 <= byteCount {
            let word = UInt64(littleEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let found = zeros(word ^ ones) | zeros(word ^ twos) | zeros(word ^ threes)
            // The lowest mark is always a true one.
            if found != 0 { return offset &+ found.trailingZeroBitCount / 8 }
            offset &+= 8
        }
        while offset < byteCount {
            let byte = byte(offset)
            if byte == one || byte == two || byte == three { return offset }
            offset &+= 1
        }
        return offset
    }

    @inline(__always)
    private func repeated(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }

    /// Marks the bytes that are 0; what is above the lowest mark may be marked without being 0.
    @inline(__always)
    private func zeros(_ word: UInt64) -> UInt64 {
        (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
    }
}
