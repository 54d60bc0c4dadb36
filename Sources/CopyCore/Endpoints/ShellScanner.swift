// A shell's command, as far as its quotes go.

/// Tells for each byte of a command how the shell would read it.
///
/// Shells differ in rare things (quotes inside of `${…}`, patterns of `case` inside of `$(…)`); so a wrong answer here may lead
/// to a wrong file name, and must lead to nothing worse.
struct ShellScanner {
    /// How a byte is read.
    enum Place {
        /// As it is, the first of a word.
        case wordStart
        /// As it is, inside of a word, or it ends one.
        case word
        /// Inside of quotes, a here document, an expansion.
        case quoted
        /// Behind a backslash or a `$`, or in a comment: it is no beginning of ours.
        case shells
    }

    private let bytes: [UInt8]
    private var places: [Place]
    private var next = 0
    private var isAtWordStart = true
    /// Here documents that begin with the next line.
    private var documents: [(end: [UInt8], isIndented: Bool)] = []

    /// One for each byte.
    static func places(_ command: [UInt8]) -> [Place] {
        var scanner = ShellScanner(command)
        while scanner.next < command.count { scanner.commands(inside: false) }
        return scanner.places
    }

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
        places = Array(repeating: .word, count: bytes.count)
    }

    private func has(_ text: String, at offset: Int = 0) -> Bool {
        next + offset <= bytes.count && bytes[(next + offset)...].starts(with: text.utf8)
    }

    private mutating func take(_ place: Place, _ count: Int = 1) {
        let end = min(next + count, bytes.count)
        for index in next..<end { places[index] = place }
        next = end
    }

    /// Commands, to their end or to that of the parentheses they are in.
    private mutating func commands(inside: Bool) {
        isAtWordStart = true
        while next < bytes.count {
            let byte = bytes[next]
            switch byte {
            case UInt8(ascii: ")"):
                take(.word)
                if inside {
                    isAtWordStart = false
                    return
                }
                isAtWordStart = true
            case UInt8(ascii: "("):
                take(.word)
                commands(inside: true)
            case UInt8(ascii: "#") where isAtWordStart:
                while next < bytes.count, bytes[next] != UInt8(ascii: "\n") { take(.shells) }
            case UInt8(ascii: "<") where has("<<<"): take(.word, 3)
            case UInt8(ascii: "<") where has("<<"): beginDocument()
            case UInt8(ascii: "\n"):
                take(.word)
                skipDocuments()
                isAtWordStart = true
            case _ where " \t;&|<>".utf8.contains(byte):
                take(.word)
                isAtWordStart = true
            default:
                let place = isAtWordStart ? Place.wordStart : .word
                isAtWordStart = false
                if !quoteOrExpansion(inQuotes: false) { take(place) }
            }
        }
    }

    /// Passes over what begins here, if something does that is not read as it is.
    private mutating func quoteOrExpansion(inQuotes: Bool) -> Bool {
        switch bytes[next] {
        case UInt8(ascii: "\\"): take(.shells, 2)
        case UInt8(ascii: "'") where !inQuotes: quoted(until: "'", escapes: false)
        case UInt8(ascii: "\""): doubleQuotes()
        case UInt8(ascii: "`"): quoted(until: "`", escapes: true)
        case UInt8(ascii: "$"): expansion(inQuotes: inQuotes)
        default: return false
        }
        return true
    }

    /// To the same quote again.
    private mutating func quoted(until end: Unicode.Scalar, escapes: Bool) {
        take(.quoted)
        while next < bytes.count {
            if escapes, bytes[next] == UInt8(ascii: "\\") {
                take(.shells, 2)
            } else {
                let isEnd = bytes[next] == UInt8(ascii: end)
                take(.quoted)
                if isEnd { return }
            }
        }
    }

    private mutating func doubleQuotes() {
        take(.quoted)
        while next < bytes.count {
            if bytes[next] == UInt8(ascii: "\"") { return take(.quoted) }
            if !quoteOrExpansion(inQuotes: true) { take(.quoted) }
        }
    }

    private mutating func expansion(inQuotes: Bool) {
        if has("{", at: 1) {
            take(.shells, 2)
            while next < bytes.count {
                if bytes[next] == UInt8(ascii: "}") { return take(.quoted) }
                if !quoteOrExpansion(inQuotes: inQuotes) { take(.quoted) }
            }
        } else if has("((", at: 1) {
            take(.quoted, 3)
            var depth = 2
            while next < bytes.count, depth > 0 {
                if bytes[next] == UInt8(ascii: "(") { depth += 1 }
                if bytes[next] == UInt8(ascii: ")") { depth -= 1 }
                take(.quoted)
            }
        } else if has("(", at: 1) {
            take(.word, 2)
            commands(inside: true)
        } else if has("'", at: 1), !inQuotes {
            take(.quoted)
            quoted(until: "'", escapes: true)
        } else if next + 1 < bytes.count, "$?!#@*-0123456789".utf8.contains(bytes[next + 1]) {
            take(.shells, 2)
        } else {
            take(.word)
        }
    }

    // MARK: Here documents

    private mutating func beginDocument() {
        take(.word, 2)
        let isIndented = has("-")
        if isIndented { take(.word) }
        while has(" ") || has("\t") { take(.word) }
        var end: [UInt8] = []
        var quote: UInt8?
        while next < bytes.count, quote != nil || !" \t\n;&|<>()".utf8.contains(bytes[next]) {
            let byte = bytes[next]
            take(.quoted)
            if byte == quote {
                quote = nil
            } else if quote == nil, "'\"".utf8.contains(byte) {
                quote = byte
            } else if quote != nil || byte != UInt8(ascii: "\\") {
                end.append(byte)
            }
        }
        documents.append((end, isIndented))
        isAtWordStart = true
    }

    private mutating func skipDocuments() {
        defer { documents = [] }
        for (end, isIndented) in documents {
            while next < bytes.count {
                let line = bytes[next...].prefix { $0 != UInt8(ascii: "\n") }
                take(.quoted, line.count + 1)
                if (isIndented ? line.drop { $0 == UInt8(ascii: "\t") } : line).elementsEqual(end) { break }
            }
        }
    }
}
