// An unquoted word of SQL, kept only as far as it takes to tell the few words that matter.

/// A word in lower case: its first eight bytes, its last, and its length.
struct SQLWord: Equatable {
    private var head: UInt64 = 0
    private var last: UInt8 = 0
    private(set) var count = 0

    init() {}

    init(_ text: String) { for byte in text.utf8 { append(byte) } }

    mutating func append(_ byte: UInt8) {
        let isUpper = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
        last = isUpper ? byte | 0x20 : byte
        if count < 8 { head = head << 8 | UInt64(last) }
        count += 1
    }

    /// The prefix that makes a string an escape string.
    var isEscapePrefix: Bool { count == 1 && last == UInt8(ascii: "e") }

    /// The prefix of a string of some kind.
    var isStringPrefix: Bool { count == 1 && "ebxn".utf8.contains(last) }

    /// What with `&` is the prefix of a string or an identifier.
    var isUnicodePrefix: Bool { count == 1 && last == UInt8(ascii: "u") }
}
