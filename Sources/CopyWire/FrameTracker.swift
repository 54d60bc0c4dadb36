// Where a stream of v3 messages stands: between frames, inside a header, inside a body.

/// Follows CopyData frames through reads that cut them anywhere, and counts them.
///
/// A frame is a type byte and a four-byte length, which counts itself and the body. The first byte
/// between frames that is not CopyData ends the tracking and is left for others to parse.
public struct FrameTracker: Sendable, Equatable {
    /// The type byte of CopyData.
    public static let copyData = UInt8(ascii: "d")
    /// The largest length libpq and the server accept in a frame.
    public static let longest = 0x3fff_ffff

    /// Where the stream stands.
    public enum Position: Sendable, Equatable {
        /// Between frames. → header, body, ended
        case boundary
        /// So many (0 to 3) bytes of the length have come, in `partial`. → body, boundary, malformed
        case header(have: Int, partial: UInt32)
        /// So many bytes of the body are to come, at least 1. → boundary
        case body(remaining: Int)
        /// A message that is not CopyData begins here. No exit.
        case ended
        /// A length no server can have sent. No exit.
        case malformed(length: UInt32)
    }

    /// What one update found.
    public struct Outcome: Sendable, Equatable {
        /// Frames that became complete.
        public var messages = 0
        /// How many bytes belong to CopyData frames; the rest is left to be parsed.
        public var consumed = 0
    }

    /// Where the stream stands now.
    public private(set) var position = Position.boundary

    /// A tracker at a frame boundary.
    public init() {}

    /// Advances over the next bytes of the stream.
    public mutating func update(_ bytes: RawSpan) -> Outcome {
        var outcome = Outcome()
        let count = bytes.byteCount
        while outcome.consumed < count {
            switch position {
            case .boundary:
                guard bytes.byte(outcome.consumed) == Self.copyData else {
                    position = .ended
                    return outcome
                }
                outcome.consumed += 1
                position = .header(have: 0, partial: 0)
            case .header(let have, let partial):
                let length = partial << 8 | UInt32(bytes.byte(outcome.consumed))
                outcome.consumed += 1
                enter(have: have + 1, length: length, &outcome)
            case .body(let remaining):
                let step = min(remaining, count - outcome.consumed)
                outcome.consumed += step
                if step == remaining {
                    outcome.messages += 1
                    position = .boundary
                } else {
                    position = .body(remaining: remaining - step)
                }
            case .ended, .malformed:
                return outcome
            }
        }
        return outcome
    }

    /// One more byte of the length is there.
    private mutating func enter(have: Int, length: UInt32, _ outcome: inout Outcome) {
        guard have == 4 else {
            position = .header(have: have, partial: length)
            return
        }
        switch length {
        case 4:
            outcome.messages += 1
            position = .boundary
        case 5...UInt32(Self.longest):
            position = .body(remaining: Int(length) - 4)
        default:
            position = .malformed(length: length)
        }
    }
}
