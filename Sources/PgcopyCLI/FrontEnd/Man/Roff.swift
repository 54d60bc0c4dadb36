// Plain text and the neutral markup as roff.

/// Escapes text for man(7) pages.
enum Roff {
    /// Text that is typed exactly so: every special character spelled out.
    static func literal(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\e"
            case "-": result += "\\-"
            case "'": result += "\\(aq"
            case "`": result += "\\(ga"
            case "^": result += "\\(ha"
            case "~": result += "\\(ti"
            case "\"": result += "\\(dq"
            default: result.append(character)
            }
        }
        return result
    }

    /// Bold, for what is typed.
    static func bold(_ text: String) -> String { "\\fB\(literal(text))\\fR" }

    /// Italic, for what stands for something else.
    static func italic(_ text: String) -> String { "\\fI\(literal(text))\\fR" }

    /// Running text, with line breaks where the source wants them: what stands between backquotes is bold.
    static func prose(_ text: String) -> String {
        var result = ""
        for (index, part) in text.split(separator: "`", omittingEmptySubsequences: false).enumerated() {
            result += index.isMultiple(of: 2) ? plain(part) : bold(String(part))
        }
        let sentences = result.split(separator: "\n").flatMap { TextWrap.lines(String($0), width: 78) }
        return sentences.map(atLineStart).joined(separator: "\n")
    }

    /// The summaries of the table as sentences.
    static func sentence(_ text: String) -> String {
        text.prefix(1).uppercased() + text.dropFirst() + "."
    }

    /// A line must not look like a request.
    static func atLineStart(_ text: String) -> String {
        text.hasPrefix(".") || text.hasPrefix("'") ? "\\&" + text : text
    }

    /// An apostrophe stays one; blanks after a full stop become line breaks, so that changes show line by line.
    private static func plain(_ text: Substring) -> String {
        var result = ""
        var isAfterStop = false
        for character in text {
            switch character {
            case " " where isAfterStop: result += "\n"
            case "\\": result += "\\e"
            case "~": result += "\\(ti"
            case "^": result += "\\(ha"
            default: result.append(character)
            }
            isAfterStop = character == "."
        }
        return result
    }
}
