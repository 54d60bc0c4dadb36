// Values of connection strings that cannot hold a password that went astray.

/// Tells by its form whether a value is what its keyword says, and nothing else.
enum HarmlessValue {
    /// Whether a value, decoded, may be shown.
    static func isHarmless(_ keyword: String, _ value: String) -> Bool {
        switch keyword {
        case "host", "hostaddr": elements(value).allSatisfy(isHost)
        case "port": isPorts(value)
        case "user": value.utf8.allSatisfy { isWordByte($0) || ".-$@".utf8.contains($0) }
        case "dbname": isDatabase(value)
        case "service": value.utf8.allSatisfy { isWordByte($0) || ".-".utf8.contains($0) }
        case "options":
            value.hasPrefix("-") && !value.contains("://") && !value.utf8.contains(UInt8(ascii: "@"))
                && !SecretWords.areNamed(in: value)
        case "application_name", "fallback_application_name": isDatabase(value)
        case "passfile", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslcrldir", "sslkeylogfile":
            value.utf8.allSatisfy { isWordByte($0) || ".-,/~+".utf8.contains($0) }
        default:
            Redaction.keywords.contains(keyword) && value.utf8.allSatisfy { isWordByte($0) || ".-,".utf8.contains($0) }
        }
    }

    /// A database's name; an odd one is taken for something else that stands in the wrong place.
    static func isDatabase(_ name: String) -> Bool {
        let isWord = name.utf8.allSatisfy { isWordByte($0) || ".-".utf8.contains($0) }
        return isWord
            || name.utf8.allSatisfy { isWordByte($0) || ".-+$!~^* ()[]{}".utf8.contains($0) }
                && !SecretWords.areNamed(in: name)
    }

    /// Numbers of ports between commas; libpq allows spaces around them.
    static func isPorts(_ value: String) -> Bool {
        elements(value).allSatisfy { port in
            // Plain slices: the type of each chain of adapters is made at run time, which each start would pay.
            var digits = Array(port.utf8)[...]
            while digits.first == 32 { digits.removeFirst() }
            while digits.last == 32 { digits.removeLast() }
            guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
            return digits.isEmpty && port.isEmpty || (Int(String(decoding: digits, as: UTF8.self)) ?? 0) < 65_536
        }
    }

    /// Hosts, addresses and folders of sockets.
    private static func isHost(_ host: String) -> Bool {
        if host.hasPrefix("/") || host.hasPrefix("@") {
            return host.utf8.dropFirst().allSatisfy { $0 > 32 && $0 != 127 && !"@:=;&?'\"|\\".utf8.contains($0) }
        }
        if host.utf8.allSatisfy({ isWordByte($0) || ".-".utf8.contains($0) }) { return true }
        let address = host.utf8.prefix { $0 != UInt8(ascii: "%") }
        return address.count { $0 == UInt8(ascii: ":") } >= 2
            && address.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x66).contains($0 | 0x20) || ":.".utf8.contains($0)
            }
            && host.utf8.dropFirst(address.count + 1).allSatisfy(isWordByte)
    }

    private static func elements(_ list: String) -> [String] {
        list.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map {
            String(decoding: Array($0), as: UTF8.self)
        }
    }

    static func isWordByte(_ byte: UInt8) -> Bool {
        byte >= 0x80 || (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20) || byte == UInt8(ascii: "_")
    }

    // MARK: Commands

    /// Filters to whom nobody tells a password.
    private static let filters = [
        "cat", "zcat", "gzip", "gunzip", "pigz", "bzcat", "bzip2", "bunzip2", "xzcat", "xz", "unxz", "zstdcat", "zstd",
        "unzstd",
        "lz4cat", "lz4", "unlz4", "head", "tail", "sort", "wc", "tee",
    ]

    /// Filters, piped and redirected to files, with nothing else that a shell would look at.
    static func isCommand(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false)
        return parts.allSatisfy { part in
            let words = part.split(separator: UInt8(ascii: " ")).map(Array.init)
            guard let name = words.first, filters.contains(String(decoding: name, as: UTF8.self)) else { return false }
            return words.allSatisfy { word in
                let word = (try? NameTemplate(word)?.filled { _ in [] }) ?? word
                return isPlainWord(word.filter { !"<>".utf8.contains($0) }, orEmpty: true)
            }
        } && !Redaction.mayHoldPassword(text)
    }

    /// A word that a shell takes as it is, as names of files and options are.
    static func isPlainWord(_ word: [UInt8], orEmpty: Bool = false) -> Bool {
        (orEmpty || !word.isEmpty) && word.allSatisfy { isWordByte($0) || "-./,+".utf8.contains($0) }
    }
}
