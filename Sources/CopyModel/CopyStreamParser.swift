// Takes a server's stream apart: COPY data stays where it was read, everything else comes out as messages.

/// Follows v3 messages through reads that cut them anywhere. It trusts no length.
package struct CopyStreamParser: Sendable {
    /// What no server can have sent.
    package enum Malformation: Error, Sendable, Hashable, CustomStringConvertible {
        /// A message type the protocol does not have, or not from a server.
        case unknownType(UInt8)
        /// A length the protocol does not allow.
        case length(type: UInt8, UInt32)

        /// For a person.
        package var description: String {
            switch self {
            case .unknownType(let type): "the server sent a message of unknown type \(Self.shown(type))"
            case .length(let type, let length):
                "the server sent a message of type \(Self.shown(type)) with the impossible length \(length)"
            }
        }

        private static func shown(_ type: UInt8) -> String {
            (0x21...0x7e).contains(type) ? "'\(UnicodeScalar(type))'" : "\(type)"
        }
    }

    /// What one piece held.
    package struct Outcome: Sendable, Hashable {
        /// CopyData messages that became complete.
        package var messages = 0
        /// Bytes of COPY data, now at the beginning of the space, without their headers.
        package var payload = 0
    }

    /// Where the stream stands.
    private enum Position: Sendable, Hashable {
        /// Between two messages. → header, data, body
        case boundary
        /// So many (1 to 4) bytes of a header have come. → data, body, boundary
        case header(have: Int)
        /// So many bytes of COPY data are to come, at least 1. → boundary
        case data(remaining: Int)
        /// So many bytes of another message are to come, at least 1. → boundary
        case body(BackendMessage.Kind, remaining: Int)
    }

    /// The largest length of COPY data that libpq and the server accept in a message.
    package static let longestData = 0x3fff_ffff
    /// The longest message that is not COPY data: an error with a large statement in its context still fits.
    package static let longestControl = 1 << 24
    private static let dataType = UInt8(ascii: "d")

    private var position = Position.boundary
    /// The type and the length of a header that came in pieces.
    private var type: UInt8 = 0
    private var length: UInt32 = 0
    private var body: [UInt8] = []
    private var messages: [BackendMessage] = []
    private var ends: [Outcome] = []

    /// A parser between two messages.
    package init() {}

    /// Whether the stream may end here.
    package var isAtBoundary: Bool { position == .boundary }

    /// The messages that have come whole, oldest first; they are the caller's now.
    package mutating func takeMessages() -> [BackendMessage] {
        guard !messages.isEmpty else { return [] }
        defer { messages = [] }
        return messages
    }

    /// Where COPYs have ended since this was asked last: what their piece held before each end.
    package mutating func takeEnds() -> [Outcome] {
        guard !ends.isEmpty else { return [] }
        defer { ends = [] }
        return ends
    }

    /// Parses the next piece of the stream, which fills `space` up to `received`.
    package mutating func parse(
        _ space: inout MutableRawSpan, received: Int
    ) throws(Malformation) -> Outcome {
        precondition(received <= space.byteCount)
        var outcome = Outcome()
        var failure: Malformation?
        unsafe space.withUnsafeMutableBytes { buffer in
            guard let base = buffer.baseAddress else { return }
            do throws(Malformation) {
                outcome = try unsafe strip(base, received)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return outcome
    }

    /// The loop over messages: what a copy spends its user time in.
    @unsafe
    private mutating func strip(
        _ base: UnsafeMutableRawPointer, _ received: Int
    ) throws(Malformation) -> Outcome {
        var outcome = Outcome()
        var offset = 0
        while offset < received {
            switch position {
            case .boundary:
                // Rows that lie whole in this piece, one after the other.
                unsafe stripWholeRows(base, received, &offset, &outcome)
                guard offset < received else { break }
                if received - offset < 5 {
                    type = unsafe base.load(fromByteOffset: offset, as: UInt8.self)
                    length = 0
                    for index in offset + 1..<max(received, offset + 1) {
                        length = unsafe length << 8 | UInt32(base.load(fromByteOffset: index, as: UInt8.self))
                    }
                    position = .header(have: received - offset)
                    offset = received
                } else {
                    type = unsafe base.load(fromByteOffset: offset, as: UInt8.self)
                    length = unsafe UInt32(bigEndian: base.loadUnaligned(fromByteOffset: offset + 1, as: UInt32.self))
                    offset += 5
                    try enterBody(&outcome)
                }
            case .header(let have):
                length = unsafe length << 8 | UInt32(base.load(fromByteOffset: offset, as: UInt8.self))
                offset += 1
                position = .header(have: have + 1)
                if have == 4 { try enterBody(&outcome) }
            case .data(let remaining):
                let step = min(remaining, received - offset)
                unsafe (base + outcome.payload).copyMemory(from: base + offset, byteCount: step)
                outcome.payload += step
                offset += step
                if step == remaining {
                    outcome.messages += 1
                    position = .boundary
                } else {
                    position = .data(remaining: remaining - step)
                }
            case .body(let kind, let remaining):
                let step = min(remaining, received - offset)
                unsafe body.append(contentsOf: UnsafeRawBufferPointer(start: base + offset, count: step))
                offset += step
                if step == remaining {
                    finish(kind, outcome)
                } else {
                    position = .body(kind, remaining: remaining - step)
                }
            }
        }
        return outcome
    }

    /// Moves the bodies of whole CopyData messages together. Stops at anything else.
    @inline(__always) @unsafe
    private func stripWholeRows(
        _ base: UnsafeMutableRawPointer, _ received: Int, _ offset: inout Int, _ outcome: inout Outcome
    ) {
        var from = offset
        var to = outcome.payload
        var rows = 0
        while from &+ 5 <= received {
            guard unsafe base.load(fromByteOffset: from, as: UInt8.self) == Self.dataType else { break }
            let length = Int(
                unsafe UInt32(bigEndian: base.loadUnaligned(fromByteOffset: from &+ 1, as: UInt32.self)))
            // Behind the header, length - 4 bytes follow. A length below 4 is told by the slow way.
            guard length >= 4, from &+ 1 &+ length <= received else { break }
            let count = length &- 4
            unsafe Self.moveDown(base + (from &+ 5), base + to, count, readable: received &- from &- 5)
            from = from &+ 1 &+ length
            to = to &+ count
            rows = rows &+ 1
        }
        offset = from
        outcome.payload = to
        outcome.messages &+= rows
    }

    /// Moves bytes to a lower address, sixteen at a time. The last sixteen may reach past the end where that
    /// can be read, and where the gap between the two places is as wide: what is overwritten was read already.
    @inline(__always) @unsafe
    private static func moveDown(
        _ from: UnsafeMutableRawPointer, _ to: UnsafeMutableRawPointer, _ count: Int, readable: Int
    ) {
        guard unsafe from - to >= 16, count <= 512, count &+ 15 <= readable else {
            unsafe to.copyMemory(from: from, byteCount: count)
            return
        }
        var index = 0
        while index < count {
            let piece = unsafe from.loadUnaligned(fromByteOffset: index, as: SIMD16<UInt8>.self)
            unsafe to.storeBytes(of: piece, toByteOffset: index, as: SIMD16<UInt8>.self)
            index = index &+ 16
        }
    }

    /// A header is complete.
    private mutating func enterBody(_ outcome: inout Outcome) throws(Malformation) {
        if type == Self.dataType {
            guard length >= 4, length <= Self.longestData else { throw .length(type: type, length) }
            if length == 4 {
                outcome.messages += 1
                position = .boundary
            } else {
                position = .data(remaining: Int(length) - 4)
            }
            return
        }
        guard let kind = BackendMessage.Kind(rawValue: type) else { throw .unknownType(type) }
        guard length >= 4, length <= Self.longestControl, allows(kind, Int(length)) else {
            throw .length(type: type, length)
        }
        body = []
        if length == 4 { finish(kind, outcome) } else { position = .body(kind, remaining: Int(length) - 4) }
    }

    /// Messages whose length is fixed.
    private func allows(_ kind: BackendMessage.Kind, _ length: Int) -> Bool {
        switch kind {
        case .readyForQuery: length == 5
        case .copyDone, .emptyQuery: length == 4
        case .copyIn, .copyOut, .copyBoth: length >= 7
        case .notification: length >= 10
        case .error, .notice, .commandComplete: length >= 5
        case .dataRow, .rowDescription, .parameterStatus, .backendKey: length >= 6
        }
    }

    private mutating func finish(_ kind: BackendMessage.Kind, _ outcome: Outcome) {
        if kind == .copyDone { ends.append(outcome) }
        messages.append(BackendMessage(kind, body))
        body = []
        position = .boundary
    }
}
