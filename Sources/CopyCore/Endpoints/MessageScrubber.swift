// Messages of libpq and of servers, which quote what a connection string holds.

/// Takes out of messages what may be a secret in the wrong place.
///
/// libpq quotes hosts, ports, users and databases, not passwords; but where a connection string is malformed, a password
/// is taken for one of these. What is not shown of the string itself is not shown in a message either, nor is any piece of
/// it. Where all of it is shown, messages stay as they are.
struct MessageScrubber: Sendable {
    private let passwords: [[UInt8]]
    private let doubtful: [[UInt8]]
    private let shown: [[UInt8]]
    /// Other pieces are too short to be told from the words around them.
    private static let shortest = 4

    /// What libpq itself says around them; replaced inside of quotes only.
    private static let vocabulary = Redaction.keywords.union([
        "connection", "server", "failed", "authentication", "database", "role", "user", "does", "exist", "fatal",
        "error",
        "could", "translate", "address", "refused", "running", "accepting", "invalid", "number", "socket", "there",
        "such",
        "file", "directory", "definition", "found", "option", "value", "integer", "entry", "encryption", "local",
        "localhost", "postgres", "postgresql", "certificate", "permission", "denied", "provided", "supplied", "name",
    ]).map { Array($0.utf8) }

    /// A scrubber for the messages about a connection.
    init(_ connection: ShownConnection, password: String? = nil) {
        func bytes(_ texts: some Sequence<String>) -> [[UInt8]] { texts.map { Array($0.utf8) }.filter { !$0.isEmpty } }
        passwords = bytes(connection.passwords + [password].compactMap { $0 }).filter { $0.count >= Self.shortest }
        doubtful = bytes(connection.doubtful)
        shown = bytes(connection.shown)
    }

    /// A scrubber for the messages about a database that is named alone.
    init(database: String) {
        passwords = []
        doubtful = HarmlessValue.isDatabase(database) ? [] : [Array(database.utf8)]
        shown = []
    }

    /// The message without secrets.
    func scrubbed(_ message: String) -> String {
        guard !passwords.isEmpty || !doubtful.isEmpty else { return message }
        let bytes = Array(message.utf8)
        var hidden = [Bool](repeating: false, count: bytes.count)
        var inQuotes = false
        var start = 0
        while start < bytes.count {
            if bytes[start] == UInt8(ascii: "\"") { inQuotes.toggle() }
            let length = secretLength(bytes[start...], before: start > 0 ? bytes[start - 1] : nil)
            let piece = bytes[start..<(start + length)]
            if length == 0 || isHarmless(piece, inQuotes) {
                // A word that is passed over is passed over whole.
                start += length == 0 ? 1 : Self.wordLength(piece)
                continue
            }
            if piece.dropFirst().count(where: { $0 == UInt8(ascii: "\"") }).isMultiple(of: 2) == false {
                inQuotes.toggle()
            }
            for index in piece.indices { hidden[index] = true }
            start += length
        }
        return Self.replacing(bytes, hidden)
    }

    /// How many bytes belong to something that is not to be shown.
    private func secretLength(_ rest: ArraySlice<UInt8>, before: UInt8?) -> Int {
        for password in passwords where rest.starts(with: password) && !isShown(password[...]) { return password.count }
        var longest = 0
        for text in doubtful {
            if text.count < Self.shortest {
                let after = rest.dropFirst(text.count).first
                if rest.starts(with: text), !Self.isWordByte(before), !Self.isWordByte(after) {
                    longest = max(longest, text.count)
                }
                continue
            }
            longest = max(longest, Self.longestPiece(of: text, at: rest))
        }
        return longest
    }

    /// The length of the longest piece of a text that stands at the beginning; 0 where it is too short.
    private static func longestPiece(of text: [UInt8], at rest: ArraySlice<UInt8>) -> Int {
        guard let first = rest.first else { return 0 }
        var longest = 0
        for offset in text.indices where text[offset] == first {
            var length = 1
            while length < rest.count, offset + length < text.count,
                rest[rest.startIndex + length] == text[offset + length]
            { length += 1 }
            longest = max(longest, length)
        }
        return longest < shortest ? 0 : longest
    }

    private func isHarmless(_ piece: ArraySlice<UInt8>, _ inQuotes: Bool) -> Bool {
        let bare = Self.trimmed(piece)
        if bare.count < 2 && piece.count >= Self.shortest { return true }
        if isShown(bare) { return true }
        guard !inQuotes else { return false }
        let lower = bare.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }
        return Self.vocabulary.contains { Self.contains($0, lower[...]) }
    }

    private func isShown(_ piece: ArraySlice<UInt8>) -> Bool { shown.contains { Self.contains($0, piece) } }

    private static func contains(_ text: [UInt8], _ piece: ArraySlice<UInt8>) -> Bool {
        guard piece.count <= text.count else { return false }
        return (0...(text.count - piece.count)).contains { text[$0...].starts(with: piece) }
    }

    private static func trimmed(_ piece: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var piece = piece.drop { !isWordByte($0) }
        while let last = piece.last, !isWordByte(last) { piece = piece.dropLast() }
        return piece
    }

    /// Up to the end of the first word.
    private static func wordLength(_ piece: ArraySlice<UInt8>) -> Int {
        let start = piece.prefix { !isWordByte($0) }.count
        return max(1, start + piece.dropFirst(start).prefix { isWordByte($0) }.count)
    }

    private static func isWordByte(_ byte: UInt8?) -> Bool {
        byte.map { $0 >= 0x80 || (0x30...0x39).contains($0) || (0x61...0x7a).contains($0 | 0x20) } ?? false
    }

    /// A mark for every run of hidden bytes, whole characters only.
    private static func replacing(_ bytes: [UInt8], _ hidden: [Bool]) -> String {
        var shown: [UInt8] = []
        var isHiding = false
        var index = 0
        while index < bytes.count {
            var end = index + 1
            while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
            if hidden[index..<end].contains(true) {
                if !isHiding { shown += Array(Redaction.mark.utf8) }
                isHiding = true
            } else {
                shown += bytes[index..<end]
                isHiding = false
            }
            index = end
        }
        return String(decoding: shown, as: UTF8.self)
    }
}
