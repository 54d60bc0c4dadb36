// Which line ends a stream has.

/// What ends a line: COPY goes by the first line end of a stream.
enum LineEnd: Sendable {
    case unknown
    /// A carriage return was the first; whether a line feed follows it decides.
    case carriageReturnSeen
    case carriageReturn
    case lineFeed

    /// Whether a byte outside quotes and escapes ends a line; the first one decides for the whole stream.
    mutating func isAt(_ byte: UInt8) -> Bool {
        switch self {
        case .unknown:
            if byte == UInt8(ascii: "\n") {
                self = .lineFeed
                return true
            }
            guard byte == UInt8(ascii: "\r") else { return false }
            self = .carriageReturnSeen
            return true
        case .lineFeed: return byte == UInt8(ascii: "\n")
        case .carriageReturn, .carriageReturnSeen: return byte == UInt8(ascii: "\r")
        }
    }
}
