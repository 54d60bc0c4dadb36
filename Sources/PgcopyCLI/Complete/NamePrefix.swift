// The beginning of a name as people type it in SQL, and names as they have to be typed; pure.

internal import CopyCore

/// A table's name that is not complete yet: folded and unquoted, as `-t` and `#` read it.
struct NamePrefix: Equatable {
    /// The schema before the dot.
    private(set) var schema: String?
    /// The beginning of the name.
    private(set) var name = ""
    /// It begins with a quote, so what completes it does too.
    private(set) var isQuoted = false

    /// Nil where it is not the beginning of a name.
    init?(_ text: String) {
        var scalars = text.unicodeScalars[...]
        repeat {
            guard schema == nil || !isAtDot else { return nil }
            if isAtDot {
                schema = name
                isAtDot = false
            }
            guard readPart(&scalars) else { return nil }
        } while isAtDot
    }

    /// A dot ended the last part.
    private var isAtDot = false

    private mutating func readPart(_ scalars: inout Substring.UnicodeScalarView) -> Bool {
        var part = String.UnicodeScalarView()
        isQuoted = scalars.first == "\""
        if isQuoted {
            scalars = scalars.dropFirst()
            var isOpen = true
            while isOpen, let scalar = scalars.popFirst() {
                if scalar == "\"" {
                    isOpen = scalars.first == "\""
                    if isOpen { scalars = scalars.dropFirst() } else { break }
                }
                part.append(scalar)
            }
        } else {
            while let scalar = scalars.first, Self.isPlain(scalar) {
                part += String(scalar).lowercasedASCII.unicodeScalars
                scalars = scalars.dropFirst()
            }
        }
        name = String(part)
        guard let next = scalars.popFirst() else { return true }
        isAtDot = next == "."
        return isAtDot && !name.isEmpty
    }

    /// A name as it is to be typed behind this.
    func typed(_ name: String) -> String { isQuoted ? quoteIdentifier(name) : Self.typed(name) }

    /// A name as it is to be typed: in quotes where it would be read as another one without.
    static func typed(_ name: String) -> String { SQLName([name]).plain }

    /// It may stand in a name without quotes.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "_", "0"..."9", "$", "\u{80}"...: true
        default: false
        }
    }
}

extension String {
    fileprivate var lowercasedASCII: String {
        String(decoding: utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}
