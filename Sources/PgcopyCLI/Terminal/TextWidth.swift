// How many columns of a terminal a text takes.

internal import CWchar
internal import Glibc

/// Columns, by the C library's own table, whatever the user's locale is (wcwidth).
enum TextWidth {
    /// The locale whose characters are Unicode's; nil: this system has none.
    private nonisolated(unsafe) static let unicode = unsafe newlocale(LC_CTYPE_MASK, "C.UTF-8", nil)

    /// Of a text, in which what has none of its own takes none.
    static func of(_ text: some StringProtocol) -> Int {
        // Mostly there is nothing else.
        if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text.utf8.count }
        return inUnicode { text.unicodeScalars.reduce(0) { $0 + max(0, width($1)) } }
    }

    /// Gives the columns of single characters: 0 for an accent, 2 for most of Asia's, -1 for what a terminal would obey.
    static func ofEach<R>(_ body: ((Unicode.Scalar) -> Int) -> R) -> R { inUnicode { body(width) } }

    /// Of one character, as above.
    static func of(_ scalar: Unicode.Scalar) -> Int { ofEach { $0(scalar) } }

    /// As much of it as has room in so many columns; the last one is "…" where something is left out.
    static func fitted(_ text: String, to columns: Int) -> String {
        guard of(text) > columns else { return text }
        guard columns > 0 else { return "" }
        return inUnicode {
            var (fitted, used) = ("", 0)
            for scalar in text.unicodeScalars {
                let more = max(0, width(scalar))
                guard used + more <= columns - 1 else { break }
                fitted.unicodeScalars.append(scalar)
                used += more
            }
            return fitted + "…"
        }
    }

    /// With spaces behind it up to so many columns.
    static func padded(_ text: String, to columns: Int) -> String {
        text + String(repeating: " ", count: max(0, columns - of(text)))
    }

    private static func inUnicode<R>(_ body: () -> R) -> R {
        guard let unicode = unsafe unicode else { return body() }
        let before = unsafe uselocale(unicode)
        defer { _ = unsafe uselocale(before) }
        return body()
    }

    private static func width(_ scalar: Unicode.Scalar) -> Int {
        let width = wcwidth(wchar_t(bitPattern: scalar.value))
        if width >= 0 { return Int(width) }
        // What it does not know may be newer than its table; what shows nothing does so everywhere.
        return [.lineSeparator, .paragraphSeparator, .control].contains(scalar.properties.generalCategory) ? -1 : 1
    }
}
