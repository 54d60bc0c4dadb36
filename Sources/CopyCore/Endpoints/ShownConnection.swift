// A connection string as messages show it.

/// Takes a URI or a keyword string apart as libpq does, and keeps of it what is known to be harmless.
struct ShownConnection {
    /// As written, without passwords; "…" stands for whatever else is not shown.
    private(set) var text = ""
    /// Passwords, where they belong.
    private(set) var passwords: [String] = []
    /// What is not shown beside them: a message could quote it.
    private(set) var doubtful: [String] = []
    /// Values that are shown, and words that may be.
    private(set) var shown: Set<String> = []
    /// A password stands last: what follows may be its end.
    private(set) var endsInSecret = false
    /// An @ stands among the hosts of a URI: a password that holds one ends there.
    private(set) var hasStrayAt = false
    /// The ports, as they come to libpq.
    private(set) var ports = ""
    /// The first keyword that libpq does not know but seems to.
    private(set) var misspelt: (word: String, meant: String)?

    /// What is said of each keyword that is no secret, the last time; only what is shown.
    private(set) var values: [String: String] = [:]

    /// Nothing but passwords is left out.
    var isWhole: Bool { doubtful.isEmpty }

    /// Reads what `Endpoint` takes for one of the two.
    init(_ conninfo: String) {
        if let scheme = ["postgresql://", "postgres://"].first(where: conninfo.hasPrefix) {
            text = scheme
            readURI(Array(conninfo.utf8.dropFirst(scheme.utf8.count)))
        } else {
            readWords(Array(conninfo.utf8))
        }
        // Nothing but a password was given.
        if text.isEmpty { text = Redaction.mark }
    }

    // MARK: URIs

    // user:password@hosts/database?keyword=value&…
    private mutating func readURI(_ rest: [UInt8]) {
        var body = rest[...]
        // As libpq does it: up to the first @, unless a slash comes before.
        let authority = rest.prefix { $0 != UInt8(ascii: "/") }
        if let at = authority.firstIndex(of: UInt8(ascii: "@")) {
            let user = rest[..<at].prefix { $0 != UInt8(ascii: ":") }
            if user.endIndex < at { note(password: rest[(user.endIndex + 1)..<at]) }
            text += show("user", user) ?? Redaction.mark
            text += "@"
            body = rest[(at + 1)...]
        }
        let path = body.prefix { $0 != UInt8(ascii: "?") }
        let hosts = path.prefix { $0 != UInt8(ascii: "/") }
        let database = path.dropFirst(hosts.count)
        let query = body.dropFirst(path.count)
        hasStrayAt = hosts.contains(UInt8(ascii: "@"))
        let servers = Servers(hosts)
        ports = servers.ports.map { Self.decoded($0) ?? "" }.joined(separator: ",")
        guard !path.contains(UInt8(ascii: "@")), !hasStrayAt(inQuery: query.dropFirst()), servers.areHarmless else {
            // Nothing is where it seems to be.
            for part in servers.hosts + servers.ports + [hosts, database.dropFirst(), query.dropFirst(), body] {
                doubt(part)
            }
            text += Redaction.mark
            return
        }
        for part in servers.hosts + servers.ports { shown.insert(Self.decoded(part) ?? "") }
        values["host"] = servers.hosts.map { Self.decoded($0) ?? "" }.joined(separator: ",")
        values["port"] = ports
        text += String(decoding: hosts, as: UTF8.self)
        if !database.isEmpty { text += "/" + (show("dbname", database.dropFirst()) ?? Redaction.mark) }
        if !query.isEmpty { showQuery(query.dropFirst()) }
    }

    /// An @ in something that is no parameter: the end of a password is there.
    private func hasStrayAt(inQuery query: ArraySlice<UInt8>) -> Bool {
        query.split(separator: UInt8(ascii: "&")).contains { part in
            part.contains(UInt8(ascii: "@"))
                && !Redaction.keywords.contains(
                    Self.decoded(part.prefix { $0 != UInt8(ascii: "=") })?.lowercased() ?? "")
        }
    }

    /// The hosts of a URI and their ports.
    private struct Servers {
        private(set) var hosts: [ArraySlice<UInt8>] = []
        private(set) var ports: [ArraySlice<UInt8>] = []
        private(set) var isWellFormed = true

        init(_ spec: ArraySlice<UInt8>) {
            var rest = spec
            repeat {
                if rest.first == UInt8(ascii: ","), !hosts.isEmpty { rest = rest.dropFirst() }
                let isBracketed = rest.first == UInt8(ascii: "[")
                if isBracketed { rest = rest.dropFirst() }
                let host = rest.prefix { isBracketed ? $0 != UInt8(ascii: "]") : !":,".utf8.contains($0) }
                rest = rest.dropFirst(host.count)
                if isBracketed, rest.popFirst() == nil { isWellFormed = false }
                let more = rest.prefix { $0 != UInt8(ascii: ",") }
                rest = rest.dropFirst(more.count)
                if !more.isEmpty, more.first != UInt8(ascii: ":") { isWellFormed = false }
                hosts.append(host)
                ports.append(more.dropFirst())
            } while !rest.isEmpty
        }

        var areHarmless: Bool {
            func isHarmless(_ keyword: String, _ part: ArraySlice<UInt8>) -> Bool {
                ShownConnection.decoded(part).map { HarmlessValue.isHarmless(keyword, $0) } ?? false
            }
            return isWellFormed && hosts.allSatisfy { isHarmless("host", $0) }
                && ports.allSatisfy { isHarmless("port", $0) }
        }
    }

    private mutating func showQuery(_ query: ArraySlice<UInt8>) {
        var kept: [String] = []
        var isMissing = false
        for part in query.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
            let name = part.prefix { $0 != UInt8(ascii: "=") }
            let value = part.dropFirst(name.count + 1)
            let keyword = Self.decoded(name) ?? ""
            endsInSecret = false
            if part.isEmpty {
                kept.append("")
            } else if Redaction.secretKeywords.contains(keyword.lowercased()) {
                note(password: value)
                endsInSecret = true
            } else if Redaction.keywords.contains(keyword) {
                let shownValue = show(keyword, value)
                kept.append(
                    shownValue == nil ? "\(keyword)=\(Redaction.mark)" : String(decoding: part, as: UTF8.self))
            } else {
                noteUnknown(keyword, value)
                isMissing = true
            }
        }
        if isMissing { kept.append(Redaction.mark) }
        if !kept.isEmpty { text += "?" + kept.joined(separator: "&") }
    }

    // MARK: Keyword strings

    // keyword = value, keyword = 'va lue', …
    private mutating func readWords(_ bytes: [UInt8]) {
        var parts: [String] = []
        var offset = 0
        var isMissing = false
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
                if isWhole, passwords.isEmpty, Self.isWord(keyword) { shown.insert(keyword) }
                doubt(bytes[start...])
                isMissing = true
                break
            }
            offset += 1
            skipSpaces()
            let valueStart = offset
            var value: [UInt8] = []
            let quoted = offset < bytes.count && bytes[offset] == UInt8(ascii: "'")
            if quoted { offset += 1 }
            while offset < bytes.count, quoted ? bytes[offset] != UInt8(ascii: "'") : !isSpace(bytes[offset]) {
                if bytes[offset] == UInt8(ascii: "\\") { offset += 1 }
                if offset < bytes.count { value.append(bytes[offset]) }
                offset += 1
            }
            let isClosed = !quoted || offset < bytes.count
            if quoted { offset += 1 }
            offset = min(offset, bytes.count)
            endsInSecret = false
            let raw = bytes[valueStart..<offset]
            if Redaction.secretKeywords.contains(keyword.lowercased()) {
                // libpq knows no upper case, but who writes it means the same.
                passwords.append(String(decoding: value, as: UTF8.self))
                endsInSecret = !quoted || !isClosed
            } else if Redaction.keywords.contains(keyword) {
                let text = String(decoding: value, as: UTF8.self)
                if keyword == "port" { ports = text }
                if isClosed, HarmlessValue.isHarmless(keyword, text) {
                    shown.insert(text)
                    values[keyword] = text
                    parts.append("\(keyword)=\(String(decoding: raw, as: UTF8.self))")
                } else {
                    doubtful.append(text)
                    doubt(raw)
                    parts.append("\(keyword)=\(Redaction.mark)")
                }
            } else {
                noteUnknown(keyword, raw)
                doubtful.append(String(decoding: value, as: UTF8.self))
                isMissing = true
            }
        }
        if isMissing { parts.append(Redaction.mark) }
        text = parts.joined(separator: " ")
    }

    // MARK: Parts

    /// A part of a URI as written where it is harmless; nil otherwise.
    private mutating func show(_ keyword: String, _ part: ArraySlice<UInt8>) -> String? {
        guard let value = Self.decoded(part), HarmlessValue.isHarmless(keyword, value) else {
            doubt(part)
            return nil
        }
        shown.insert(value)
        values[keyword] = value
        return String(decoding: part, as: UTF8.self)
    }

    private mutating func note(password: ArraySlice<UInt8>) {
        passwords.append(String(decoding: password, as: UTF8.self))
        if let decoded = Self.decoded(password) { passwords.append(decoded) }
    }

    /// A keyword that libpq does not know. It is shown where it is surely no end of a password.
    private mutating func noteUnknown(_ keyword: String, _ value: ArraySlice<UInt8>) {
        if Self.isWord(keyword) {
            let meant = SecretWords.nearestKeyword(keyword)
            if misspelt == nil, let meant { misspelt = (keyword, meant) }
            if meant != nil || isWhole && passwords.isEmpty { shown.insert(keyword) }
        }
        doubtful.append(keyword)
        doubt(value)
    }

    /// Both as written and as libpq reads it.
    private mutating func doubt(_ part: ArraySlice<UInt8>) {
        doubtful.append(String(decoding: part, as: UTF8.self))
        if let decoded = Self.decoded(part) { doubtful.append(decoded) }
    }

    private static func isWord(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 30
            && text.utf8.allSatisfy { (0x61...0x7a).contains($0) || $0 == UInt8(ascii: "_") }
    }

    /// Nil where something with a percent sign is no byte.
    private static func decoded(_ bytes: ArraySlice<UInt8>) -> String? {
        var decoded: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                decoded.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
                value != 0
            else { return nil }
            decoded.append(value)
            rest = rest.dropFirst(2)
        }
        return String(decoding: decoded, as: UTF8.self)
    }
}
