// Row ends of COPY's binary format.

/// A header of 19 bytes and an extension, tuples of counted fields, a trailer of -1.
/// The header belongs to the first row; the trailer is a message of its own, as a server sends it.
struct BinaryRows: Sendable {
    private enum Part: Sendable {
        /// Signature and flags: 15 bytes. → extensionLength
        case signature
        /// 4 bytes. → skip, then fieldCount
        case extensionLength
        /// 2 bytes: how many fields, or -1. → fieldLength, end of row, ended
        case fieldCount
        /// 4 bytes: how long the field is, or -1. → skip, fieldLength, end of row
        case fieldLength(left: Int)
        /// After the trailer. No exit.
        case ended
    }

    private var part = Part.signature
    /// Bytes of the current number still to come, and its value so far.
    private var wanted = 15
    private var number: UInt32 = 0
    /// Bytes to pass over before `part` begins.
    private var skip = 0
    /// A tuple ended with what is being skipped.
    private var rowEndsAfterSkip = false

    /// The trailer has come.
    var hasEnded: Bool { if case .ended = part { true } else { false } }
    private(set) var fault: RowScanner.Fault?

    mutating func nextEnd(in bytes: RawSpan, from start: Int) -> Int? {
        var offset = start
        while offset < bytes.byteCount {
            if skip > 0 {
                let step = min(skip, bytes.byteCount - offset)
                skip -= step
                offset += step
                if skip == 0, rowEndsAfterSkip {
                    rowEndsAfterSkip = false
                    return offset
                }
                continue
            }
            if case .ended = part {
                fault = .behindTrailer
                return nil
            }
            number = number << 8 | UInt32(bytes.byte(offset))
            offset += 1
            wanted -= 1
            if wanted == 0, completed(number) { return offset }
        }
        return nil
    }

    /// A number has come whole; true when a row ends with it.
    private mutating func completed(_ value: UInt32) -> Bool {
        number = 0
        switch part {
        case .signature:
            expect(.extensionLength, 4)
        case .extensionLength:
            skip = Int(value)
            expect(.fieldCount, 2)
        case .fieldCount:
            if value == 0xffff {
                part = .ended
                return true
            }
            guard value > 0 else {
                expect(.fieldCount, 2)
                return true
            }
            expect(.fieldLength(left: Int(value)), 4)
        case .fieldLength(let left):
            skip = value == 0xffff_ffff ? 0 : Int(value)
            guard left == 1 else {
                expect(.fieldLength(left: left - 1), 4)
                return false
            }
            expect(.fieldCount, 2)
            rowEndsAfterSkip = skip > 0
            return skip == 0
        case .ended:
            return false
        }
        return false
    }

    private mutating func expect(_ next: Part, _ bytes: Int) {
        part = next
        wanted = bytes
    }
}
