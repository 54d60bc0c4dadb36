// What a person names as a source or a destination.

/// A source or destination as written on a command line.
public struct Endpoint: Sendable, Hashable {
    /// What kind of thing it is.
    public enum Kind: Sendable, Hashable {
        /// A server: what libpq connects by, and the table named after `#`.
        case server(conninfo: String, table: SQLName?)
        /// stdin as a source, stdout as a destination.
        case standardStream
        /// A file, a device, a named pipe.
        case file(Path)
        /// What a shell runs: its stdout gives the rows, or its stdin takes them.
        case program([UInt8])
        /// Nothing.
        case null
    }

    /// What kind of thing it is.
    public let kind: Kind
    /// How messages name it: where a server is, a file as written, without passwords.
    public internal(set) var label: String
    /// What else they could call it.
    let names: EndpointNames

    /// An endpoint of a kind.
    public init(_ kind: Kind, label: String) { self.init(kind, EndpointNames([label])) }

    init(_ kind: Kind, _ names: EndpointNames) {
        self.kind = kind
        self.names = names
        label = names.candidates[0] + names.table
    }

    /// `; what follows…`, where a # stands in a connection, and what follows is no name as it is.
    var quotingAdvice: String {
        guard case .server(let conninfo, nil) = kind, conninfo.utf8.contains(UInt8(ascii: "#")) else { return "" }
        return "; a name that is not plain goes in double quotes: '#\"Odd Name\"'"
    }

    /// Whether a server is behind it.
    public var isServer: Bool { if case .server = kind { true } else { false } }
    /// Whether a program is.
    public var isProgram: Bool { if case .program = kind { true } else { false } }
    /// It is a file.
    var isFile: Bool { if case .file = kind { true } else { false } }

    /// Whether the name that stands in a file's name or a command keeps tables apart; nil: none stands in it.
    /// - Throws: `PgcopyError` with `.usage` where it stands where the shell cannot take it.
    func tellsTablesApart() throws(PgcopyError) -> Bool? {
        switch kind {
        case .file(let path): PathTemplate(path)?.tellsTablesApart
        case .program(let command): try CommandTemplate(command)?.tellsTablesApart
        case .server, .standardStream, .null: nil
        }
    }

    /// Reads an endpoint as written. See the table of endpoints in the manual.
    /// - Throws: `PgcopyError` with `.usage`, which holds no password.
    public init(parsing bytes: [UInt8]) throws(PgcopyError) {
        let text = String(decoding: bytes, as: UTF8.self)
        switch text {
        case "": throw PgcopyError(.usage, "an endpoint is empty")
        case "-": self.init(.standardStream, label: "-")
        case "null:": self.init(.null, label: "null:")
        default:
            if let scheme = Self.unknownScheme(text) {
                throw PgcopyError(
                    .usage,
                    "\(scheme):// is no scheme; a server is written postgresql://HOST/DATABASE, a file file:NAME")
            }
            if text.hasPrefix("file:") {
                let path = Path(Array(bytes.dropFirst("file:".utf8.count)))
                guard !path.bytes.isEmpty else { throw PgcopyError(.usage, "file: names no file") }
                self.init(.file(path), label: Redaction.redacted(text))
            } else if text.hasPrefix(Self.programPrefix) {
                let command = Array(bytes.dropFirst(Self.programPrefix.utf8.count))
                guard command.contains(where: { !" \t\n".utf8.contains($0) }) else {
                    throw PgcopyError(.usage, "program: names no command")
                }
                self.init(.program(command), label: Redaction.redacted(text))
            } else if Self.isURI(text) || Self.isKeywordString(text) || !text.utf8.contains(UInt8(ascii: "/")) {
                try self.init(server: bytes)
            } else if Redaction.mayHoldPassword(text) {
                throw PgcopyError(
                    .usage,
                    "\(Redaction.isBareAddress(text) ? text : Self.subject(Redaction.redacted(text))) is neither a URI, which begins with postgresql://"
                        + (text.first == " " ? " and not with a space" : "")
                        + ", nor plainly a file, which is written file:NAME"
                        + (Redaction.isBareAddress(text) ? "; for a server write postgresql://\(text)" : ""))
            } else {
                self.init(.file(Path(bytes)), label: text)
            }
        }
    }

    static let programPrefix = "program:"

    /// What stands before `://` where that is none of a server's schemes: what follows may hold a password.
    private static func unknownScheme(_ text: String) -> String? {
        guard let mark = text.utf8.firstIndex(of: UInt8(ascii: ":")), text[mark...].hasPrefix("://"), !isURI(text)
        else { return nil }
        let scheme = text[..<mark]
        return scheme != "file" && scheme.utf8.allSatisfy { $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a }
            ? String(scheme) : nil
    }

    /// What an error begins with.
    private static func subject(_ label: String) -> String {
        label.hasPrefix(Redaction.mark) ? "an endpoint that is not shown here, as it may hold a password," : label
    }

    /// Whether libpq takes it for a URI.
    static func isURI(_ text: String) -> Bool {
        text.hasPrefix("postgresql://") || text.hasPrefix("postgres://")
    }

    /// `keyword = …`: what comes before the first equals sign is a word.
    static func isKeywordString(_ text: String) -> Bool {
        guard let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")) else { return false }
        let word = text[..<equals].trimmingSpaces()
        // In upper case libpq refuses it: better so than a file of that name.
        if Redaction.secretKeywords.contains(word.lowercased()) { return true }
        return !word.isEmpty
            && word.utf8.allSatisfy { $0 == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
    }

    private init(server bytes: [UInt8]) throws(PgcopyError) {
        let (conninfoBytes, table) = Self.splitTable(bytes)
        let (label, isWhole) = Redaction.label(of: RawText.decoding(bytes))
        let subject = Self.subject(label)
        guard let conninfo = String(validating: conninfoBytes, as: UTF8.self) else {
            throw PgcopyError(.usage, "\(subject) is not valid UTF-8")
        }
        guard !conninfo.isEmpty else { throw PgcopyError(.usage, "\(subject) names a table but no database") }
        if Self.isURI(conninfo) || Self.isKeywordString(conninfo) {
            try ConnectionCheck(conninfo).check(subject)
        } else {
            for (mark, meaning) in [
                (":", "a host and port are written postgresql://HOST:PORT/DATABASE"),
                ("=", "a file name with = is written file:NAME"),
            ]
            where conninfo.contains(mark) {
                throw PgcopyError(.usage, "\(subject) is no database name; \(meaning)")
            }
            if conninfo.utf8.contains(UInt8(ascii: "#")) {
                throw PgcopyError(
                    .usage,
                    (isWhole ? "\(label): " : "") + "a table name after # that is not plain goes in double quotes")
            }
        }
        self.init(.server(conninfo: conninfo, table: table), EndpointNames(server: RawText.decoding(bytes)))
    }

    /// Splits `…#table` at the first # behind which everything is a table's name.
    static func splitTable(_ bytes: [UInt8]) -> (conninfo: ArraySlice<UInt8>, table: SQLName?) {
        for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "#") {
            if let table = SQLName(RawText.decoding(bytes[(index + 1)...])) { return (bytes[..<index], table) }
        }
        return (bytes[...], nil)
    }
}

extension Substring {
    fileprivate func trimmingSpaces() -> Substring {
        let start = drop { $0 == " " }
        return start.prefix { $0 != " " }.count == start.count ? start : start.dropTrailingSpaces()
    }

    private func dropTrailingSpaces() -> Substring {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
