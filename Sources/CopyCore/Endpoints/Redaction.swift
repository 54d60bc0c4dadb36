// Connection strings without their secrets, for every text a person or a log sees.

/// Takes passwords out of what libpq is given.
public enum Redaction {
    /// libpq's keywords whose values are secrets.
    static let secretKeywords: Set<String> = [
        "password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key",
    ]

    /// A connection string or URI as it may be shown. Where it is malformed more may be missing, never less.
    public static func redacted(_ conninfo: String) -> String {
        if let scheme = ["postgresql://", "postgres://"].first(where: conninfo.hasPrefix) {
            return scheme + redactedURI(Array(conninfo.utf8.dropFirst(scheme.utf8.count)))
        }
        if looksLikeURI(conninfo) { return redactedURI(Array(conninfo.utf8)) }
        if conninfo.utf8.contains(UInt8(ascii: "=")) { return redactedKeywords(conninfo) }
        return conninfo
    }

    /// A URI whose scheme is missing or misspelt: `SCHEME://…`, `USER:PASSWORD@…`.
    static func looksLikeURI(_ text: String) -> Bool {
        let name = text.utf8.prefix { $0 != UInt8(ascii: ":") }
        guard !name.isEmpty, !name.contains(where: { " =/#".utf8.contains($0) }) else { return false }
        let rest = text.utf8.dropFirst(name.count)
        return rest.starts(with: "://".utf8) || rest.prefix { $0 != UInt8(ascii: "/") }.contains(UInt8(ascii: "@"))
    }

    // user:password@hosts/database?keyword=value&…
    private static func redactedURI(_ rest: [UInt8]) -> String {
        var rest = rest
        // Up to the last @, a slash in the password included: libpq would not take it, but it would be shown.
        let query = rest.firstIndex(of: UInt8(ascii: "?")) ?? rest.count
        let slash = rest.firstIndex(of: UInt8(ascii: "/")) ?? query
        let authority = rest[..<min(slash, query)]
        let last = rest.lastIndex(of: UInt8(ascii: "@"))
        let hasPassword = rest.prefix { $0 != UInt8(ascii: "@") }.contains(UInt8(ascii: ":"))
        if let at = hasPassword ? last : authority.lastIndex(of: UInt8(ascii: "@")) ?? last,
            let colon = rest[..<at].firstIndex(of: UInt8(ascii: ":"))
        {
            rest.removeSubrange(colon..<at)
        }
        guard let mark = rest.firstIndex(of: UInt8(ascii: "?")) else { return String(decoding: rest, as: UTF8.self) }
        let kept = rest[(mark + 1)...].split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
            .filter { parameter in
                let keyword = parameter.prefix { $0 != UInt8(ascii: "=") }
                return !secretKeywords.contains(percentDecoded(keyword).lowercased())
            }
        let shown =
            kept.isEmpty ? Array(rest[..<mark]) : Array(rest[...mark]) + kept.joined(separator: [UInt8(ascii: "&")])
        return String(decoding: shown, as: UTF8.self)
    }

    private static func percentDecoded(_ bytes: ArraySlice<UInt8>) -> String {
        var decoded: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                decoded.append(value)
                rest = rest.dropFirst(2)
            } else {
                decoded.append(byte)
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    // A URI as a value, in quotes or not; something else with :// in it is not shown.
    private static func redactedURIValue(_ value: String) -> String {
        let bare = value.hasPrefix("'") ? String(value.dropFirst()) : value
        let isURI = bare.hasPrefix("postgresql://") || bare.hasPrefix("postgres://")
        return isURI ? redacted(bare) : "…"
    }

    // keyword = value, keyword = 'va lue', …
    private static func redactedKeywords(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var shown: [String] = []
        var offset = 0
        func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
        func skipSpaces() { while offset < bytes.count, isSpace(bytes[offset]) { offset += 1 } }
        while true {
            skipSpaces()
            guard offset < bytes.count else { break }
            let start = offset
            while offset < bytes.count, bytes[offset] != UInt8(ascii: "="), !isSpace(bytes[offset]) { offset += 1 }
            let keyword = String(decoding: bytes[start..<offset], as: UTF8.self)
            skipSpaces()
            guard offset < bytes.count, bytes[offset] == UInt8(ascii: "=") else {
                // Malformed from here on: what follows could be anything.
                shown.append("…")
                break
            }
            offset += 1
            skipSpaces()
            let valueStart = offset
            let quoted = offset < bytes.count && bytes[offset] == UInt8(ascii: "'")
            if quoted { offset += 1 }
            while offset < bytes.count, quoted ? bytes[offset] != UInt8(ascii: "'") : !isSpace(bytes[offset]) {
                offset += bytes[offset] == UInt8(ascii: "\\") ? 2 : 1
            }
            if quoted { offset += 1 }
            offset = min(offset, bytes.count)
            // libpq knows no upper case, but who writes it means the same.
            if secretKeywords.contains(keyword.lowercased()) { continue }
            let value = String(decoding: bytes[valueStart..<offset], as: UTF8.self)
            shown.append(keyword + "=" + (value.contains("://") ? redactedURIValue(value) : value))
        }
        return shown.joined(separator: " ")
    }
}
