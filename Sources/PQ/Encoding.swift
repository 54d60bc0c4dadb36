// Names of encodings.

internal import CLibpq

/// The encodings PostgreSQL knows.
package enum Encoding {
    /// Whether a name is one of theirs, however it is spelt. libpq: pg_char_to_encoding.
    package static func isKnown(_ name: String) -> Bool { unsafe pg_char_to_encoding(name) >= 0 }

    /// Whether bytes below 128 occur inside its characters; no server stores such.
    package static func embedsASCII(_ name: String) -> Bool {
        ["SJIS", "BIG5", "GBK", "UHC", "GB18030", "JOHAB", "SHIFT_JIS_2004"].contains { areSame(name, $0) }
    }

    /// Whether two names are the same encoding's.
    package static func areSame(_ one: String, _ other: String) -> Bool {
        unsafe one == other || isKnown(one) && pg_char_to_encoding(one) == pg_char_to_encoding(other)
    }
}
