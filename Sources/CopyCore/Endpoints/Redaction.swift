// What people name, without their secrets: for every text that a person or a log sees.

/// Takes passwords out of what is named on a command line.
public enum Redaction {
    /// libpq's keywords whose values are secrets.
    static let secretKeywords: Set<String> = [
        "password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key",
    ]
    /// libpq's keywords, and what its URIs take beside them.
    static let keywords = Set(ConnectionString.keywords + ["ssl"])
    /// Stands where something is not shown.
    static let mark = "…"

    /// An endpoint as it may be shown. Only what is known to be harmless is: where something is malformed, more is missing.
    public static func redacted(_ endpoint: String) -> String { label(of: endpoint).text }

    /// Whether a text looks like a connection, well written or not: it may hold a password.
    public static func mayHoldPassword(_ text: String) -> Bool {
        if text.contains("://") { return true }
        let bytes = Array(text.utf8)
        let edge = " \t\r\n\"'".utf8
        let bare = text.lowercased().utf8.drop { edge.contains($0) }
        for name in ["postgresql", "postgres", "pgsql", "jdbc"] where bare.starts(with: name.utf8) {
            let rest = bare.dropFirst(name.utf8.count)
            if rest.first == UInt8(ascii: ":") || rest.starts(with: "//".utf8) { return true }
        }
        if let colon = bytes.firstIndex(of: UInt8(ascii: ":")), bytes[colon...].contains(UInt8(ascii: "@")) {
            return true
        }
        // `HOST:PORT:DATABASE:USER:PASSWORD`, as in a .pgpass: a file's name has its slash first, or is written file:NAME.
        let beforeSlash = bytes.prefix { $0 != UInt8(ascii: "/") }
        if beforeSlash.contains(UInt8(ascii: ":")) || beforeSlash.contains(UInt8(ascii: ";")) { return true }
        return SecretWords.areGivenValues(in: text)
    }

    /// An endpoint's label: what is shown, and whether it is all there is but for well written passwords.
    static func label(of endpoint: String) -> (text: String, isWhole: Bool) {
        if endpoint.hasPrefix(Endpoint.programPrefix) { return program(endpoint) }
        if endpoint.hasPrefix("file:") || isFile(endpoint) {
            let path = endpoint.hasPrefix("file:") ? endpoint.dropFirst("file:".utf8.count) : endpoint[...]
            return mayHoldPassword(String(path))
                ? (endpoint.hasPrefix("file:") ? "file:" + mark : mark, false)
                : (endpoint, true)
        }
        let (conninfo, table) = Endpoint.splitTable(Array(endpoint.utf8))
        let name = String(decoding: conninfo, as: UTF8.self)
        let (shown, isWhole, hidesTable) = connection(name)
        guard table != nil else { return (shown, isWhole) }
        return (shown + (hidesTable ? "#" + mark : String(endpoint.dropFirstBytes(conninfo.count))), isWhole)
    }

    /// A program by its command, or by its name alone: any word behind that can be a password.
    private static func program(_ endpoint: String) -> (text: String, isWhole: Bool) {
        let command = endpoint.dropFirstBytes(Endpoint.programPrefix.utf8.count)
        if HarmlessValue.isCommand(command), command.utf8.count <= longestCommand { return (endpoint, true) }
        let name = command.utf8.prefix { $0 != UInt8(ascii: " ") }.map { $0 }
        let isShown = HarmlessValue.isPlainWord(name) && name.count <= longestCommand
        return (Endpoint.programPrefix + (isShown ? String(decoding: name, as: UTF8.self) + " " : "") + mark, false)
    }

    /// A label stands in front of each line that is about it.
    private static let longestCommand = 100

    /// A connection without a table. A table is hidden where it may be the end of a password.
    static func connection(_ name: String) -> (shown: String, isWhole: Bool, hidesTable: Bool) {
        if Endpoint.isURI(name) || Endpoint.isKeywordString(name) {
            let shown = ShownConnection(name)
            return (shown.text, shown.isWhole, !shown.isWhole || shown.endsInSecret)
        }
        let isPlain = HarmlessValue.isDatabase(name) || isHostAndPort(name)
        return (isPlain ? name : mark, isPlain, !isPlain)
    }

    /// `HOST:PORT`, as people write it where a database's name belongs.
    private static func isHostAndPort(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map {
            String(decoding: Array($0), as: UTF8.self)
        }
        return parts.count == 2 && HarmlessValue.isHarmless("host", parts[0])
            && !parts[1].isEmpty && HarmlessValue.isHarmless("port", parts[1])
    }

    /// `HOST:PORT/DATABASE`, with a table perhaps, as people write it who forget the scheme.
    static func isBareAddress(_ text: String) -> Bool {
        let (address, table) = Endpoint.splitTable(Array(text.utf8))
        let parts = address.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        return parts.count == 2 && isHostAndPort(parts[0]) && !parts[1].isEmpty
            && parts[1].utf8.allSatisfy { HarmlessValue.isWordByte($0) }
            && (table != nil || address.count == text.utf8.count)
    }

    private static func isFile(_ text: String) -> Bool {
        text.utf8.contains(UInt8(ascii: "/")) && !Endpoint.isURI(text) && !Endpoint.isKeywordString(text)
    }
}

extension String {
    /// What follows so many bytes, which end at a character.
    func dropFirstBytes(_ count: Int) -> String { String(decoding: Array(utf8.dropFirst(count)), as: UTF8.self) }
}
