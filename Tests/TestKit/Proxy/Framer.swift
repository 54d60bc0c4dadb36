// Role: where in a direction's stream the messages begin. A pure value: bytes in, positions out.

/// Walks over the bytes of one direction. It never copies nor keeps a message.
struct Framer {
    /// What the next bytes are.
    enum Phase {
        /// Messages without a type byte, of the client's first moments.
        case startup
        /// One byte of the server: whether it will encrypt.
        case encryptionAnswer
        /// Type, length, body.
        case messages
        /// Encrypted: only bytes.
        case opaque
    }

    var phase: Phase
    /// Whole CopyData messages so far.
    private(set) var copyMessages = 0
    /// Whole messages of type S so far: Sync, where a client sends them.
    private(set) var syncs = 0
    /// Bytes of the current message's header that have passed; 0 between messages.
    private var headerCount = 0
    private var type: UInt8 = 0
    private var length: UInt32 = 0
    private var bodyLeft = 0
    /// What comes after a message of the startup.
    private var phaseAfter: Phase?

    init(_ phase: Phase) { self.phase = phase }

    /// Whether a message would begin with the next byte.
    var isAtBoundary: Bool { phase == .messages && headerCount == 0 }

    /// A message of the startup begins here; it has this length, and that phase comes after it.
    mutating func beginStartup(length: Int, then phaseAfter: Phase) {
        phase = .messages
        (type, headerCount, bodyLeft) = (0, 5, length)
        self.phaseAfter = phaseAfter
    }

    /// Walks on, over all bytes, or to the first boundary behind which is no CopyData, or, if told so, to
    /// the first boundary of any kind, or to the end of the CopyData message with the number `lastMessage`.
    /// Gives the count of bytes passed.
    mutating func advance(
        _ bytes: UnsafeBufferPointer<UInt8>, stopAtBoundary: Bool, lastMessage: Int = .max
    ) -> Int {
        guard phase == .messages else { return bytes.count }
        var index = 0
        while index < bytes.count {
            if headerCount < 5 {
                if headerCount == 0 {
                    type = bytes[index]
                    length = 0
                } else {
                    length = length << 8 | UInt32(bytes[index])
                }
                headerCount += 1
                index += 1
                guard headerCount == 5 else { continue }
                bodyLeft = Int(length) - 4
            } else {
                let step = min(bodyLeft, bytes.count - index)
                bodyLeft -= step
                index += step
            }
            guard bodyLeft <= 0 else { continue }
            if type == .copyData { copyMessages += 1 }
            if type == UInt8(ascii: "S") { syncs += 1 }
            headerCount = 0
            if let phaseAfter {
                phase = phaseAfter
                self.phaseAfter = nil
                break
            }
            if stopAtBoundary || copyMessages == lastMessage || index < bytes.count && bytes[index] != .copyData {
                break
            }
        }
        return index
    }

    /// The length of the message that begins with these bytes, header included; nil while that is unknown.
    func wholeLength(_ bytes: ArraySlice<UInt8>) -> Int? {
        let typeBytes = phase == .startup ? 0 : 1
        guard bytes.count >= typeBytes + 4 else { return nil }
        return typeBytes + Int(bytes.dropFirst(typeBytes).bigEndianNumber)
    }
}

extension UInt8 {
    /// The type of CopyData.
    static let copyData = UInt8(ascii: "d")
}

extension ArraySlice<UInt8> {
    /// The first four bytes as a number.
    var bigEndianNumber: UInt32 { prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }
}
