// Messages of a server that are not COPY data.

/// One whole message: its type byte and its body.
package struct BackendMessage: Sendable, Hashable {
    /// What a message's first byte says it is.
    package enum Kind: UInt8, Sendable, CaseIterable {
        /// `A`
        case notification = 0x41
        /// `C`
        case commandComplete = 0x43
        /// `D`
        case dataRow = 0x44
        /// `E`
        case error = 0x45
        /// `G`
        case copyIn = 0x47
        /// `H`
        case copyOut = 0x48
        /// `I`
        case emptyQuery = 0x49
        /// `K`
        case backendKey = 0x4B
        /// `N`
        case notice = 0x4E
        /// `S`
        case parameterStatus = 0x53
        /// `T`
        case rowDescription = 0x54
        /// `W`
        case copyBoth = 0x57
        /// `Z`
        case readyForQuery = 0x5A
        /// `c`
        case copyDone = 0x63
    }

    /// What it is.
    package let kind: Kind
    /// What follows the length.
    package let body: [UInt8]

    /// A message of these parts.
    package init(_ kind: Kind, _ body: [UInt8] = []) {
        self.kind = kind
        self.body = body
    }

    /// The fields of an error or notice: a byte each, then its text. Nil when the body is no such list.
    package var fields: [UInt8: String]? {
        var fields: [UInt8: String] = [:]
        var rest = body[...]
        while let code = rest.popFirst() {
            if code == 0 { return rest.isEmpty ? fields : nil }
            guard let text = Self.takeText(&rest) else { return nil }
            fields[code] = text
        }
        return nil
    }

    /// The texts of the body, each ended by a zero, from an offset on; nil when one is not ended.
    package func texts(from offset: Int = 0) -> [String]? {
        guard offset <= body.count else { return nil }
        var rest = body[offset...]
        var texts: [String] = []
        while !rest.isEmpty {
            guard let text = Self.takeText(&rest) else { return nil }
            texts.append(text)
        }
        return texts
    }

    /// The first four bytes of the body as a number; nil when there are fewer.
    package var number: Int32? {
        guard body.count >= 4 else { return nil }
        return Int32(bitPattern: body.prefix(4).reduce(0) { $0 << 8 | UInt32($1) })
    }

    private static func takeText(_ bytes: inout ArraySlice<UInt8>) -> String? {
        guard let end = bytes.firstIndex(of: 0) else { return nil }
        defer { bytes = bytes[(end + 1)...] }
        return String(decoding: bytes[..<end], as: UTF8.self)
    }
}
