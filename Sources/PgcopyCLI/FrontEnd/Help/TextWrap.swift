// Wraps plain text to a width.

/// Breaks text into lines.
enum TextWrap {
    /// Lines of at most `width` characters; a word that is longer is cut.
    static func lines(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count <= width {
                line += " " + word
                continue
            }
            if !line.isEmpty { lines.append(line) }
            var rest = word
            while rest.count > width {
                lines.append(String(rest.prefix(width)))
                rest = rest.dropFirst(width)
            }
            line = String(rest)
        }
        if !line.isEmpty { lines.append(line) }
        return lines
    }

    /// As above, every line behind `indent` blanks, and the blanks count.
    static func lines(_ text: String, width: Int, indent: Int) -> [String] {
        let margin = String(repeating: " ", count: indent)
        return lines(text, width: width - indent).map { margin + $0 }
    }
}
