// A word of a command line as it is typed, and a value as it has to be typed; pure.

/// What of a shell's word counts for completing it. Nothing in it is ever expanded.
struct ShellWord: Equatable {
    /// What the shell would make of it, quotes taken off.
    private(set) var value = ""
    /// The quote that is open at its end.
    private(set) var openQuote: Unicode.Scalar?
    /// The part of the value that stands before what the shell replaces: before the open quote, or a character that breaks words.
    private(set) var kept = ""
    /// What the shell replaces, as it is typed.
    private(set) var replaced = ""

    /// - Parameter breaks: what breaks words for bash, outside of quotes; other shells replace the whole.
    init(_ text: String, in shell: Shell, breaks: String = "") {
        var scalars = text.unicodeScalars[...]
        var read = String.UnicodeScalarView()
        let breaks = breaks.unicodeScalars.filter { !" \t\n'\"".unicodeScalars.contains($0) }
        while let scalar = scalars.popFirst() {
            replaced.unicodeScalars.append(scalar)
            switch (scalar, openQuote) {
            case ("'", nil), ("\"", nil):
                openQuote = scalar
                if shell == .bash {
                    kept = String(read)
                    replaced = ""
                }
            case ("'", "'"), ("\"", "\""): openQuote = nil
            case ("\\", "'") where shell != .fish: read.append(scalar)
            case ("\\", _):
                guard let next = scalars.first else { break }
                // In quotes it is itself before all that needs none.
                if let openQuote, !Self.isEscaped(next, in: openQuote, shell) { read.append(scalar) }
                read.append(next)
                replaced.unicodeScalars.append(next)
                scalars = scalars.dropFirst()
            default:
                read.append(scalar)
                if openQuote == nil, breaks.contains(scalar) {
                    kept = String(read)
                    replaced = ""
                }
            }
        }
        value = String(read)
    }

    /// A word without quotes.
    init(plain value: String) { self.value = value }

    private static func isEscaped(_ scalar: Unicode.Scalar, in quote: Unicode.Scalar, _ shell: Shell) -> Bool {
        switch scalar {
        case quote, "\\": true
        case "$": quote == "\""
        case "`": quote == "\"" && shell != .fish
        default: false
        }
    }

    /// What bash is to put in place of what it replaces, so that the word has this value; nil: it cannot.
    func replacement(for value: String) -> String? {
        guard value.unicodeScalars.starts(with: kept.unicodeScalars) else { return nil }
        let rest = value.unicodeScalars.dropFirst(kept.unicodeScalars.count)
        guard let openQuote else {
            // Not by backslashes: what several words have in common could end behind one.
            let plain = rest.first == "~" ? rest.prefix(0) : rest.prefix(while: Self.isPlain)
            if plain.endIndex == rest.endIndex { return String(rest) }
            return "\(String(plain))'\(Self.quoted(rest[plain.endIndex...], "'"))'"
        }
        let typed = Self.quoted(rest, openQuote)
        // readline closes the quote, unless it stands there, for whatever reason.
        return typed.unicodeScalars.last == openQuote ? "\(typed)\(openQuote)" : typed
    }

    /// As it stands inside of quotes.
    private static func quoted(_ text: Substring.UnicodeScalarView, _ quote: Unicode.Scalar) -> String {
        var typed = ""
        for scalar in text {
            switch (quote, scalar) {
            case ("'", "'"): typed += "'\\''"
            // A backslash does not keep bash from expanding its history here, and stays: out of the quotes it does.
            case ("\"", "!"): typed += "\"\\!\""
            case ("\"", "\""), ("\"", "\\"), ("\"", "$"), ("\"", "`"): typed += "\\\(scalar)"
            default: typed.unicodeScalars.append(scalar)
            }
        }
        return typed
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "\u{80}"...: true
        default: "_-./:=@%+,~#".unicodeScalars.contains(scalar)
        }
    }
}
