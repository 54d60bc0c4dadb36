// How messages repeat what the user typed: no secrets, no terminal control.

/// Makes typed text fit for a message.
public enum Echo {
    /// The text in quotes, or `instead` where it may hold a password or is too long to help.
    public static func quoted(_ text: String, instead: String = "the value given") -> String {
        mayHoldSecret(text) || text.utf8.count > 60 ? instead : "\"\(printable(text))\""
    }

    /// A value that slipped into a wrong place can be a connection with a password in it.
    public static func mayHoldSecret(_ text: String) -> Bool {
        text.contains { "=@:".contains($0) } || text.contains("//") || Redaction.mayHoldPassword(text)
    }

    /// A word that stands as an option's name, or nothing where it may hold a password.
    public static func name(_ text: String) -> String {
        mayHoldSecret(text) || text.utf8.count > 60 ? "" : printable(text)
    }

    /// Control characters, and what is as invisible, spelled out.
    public static func printable(_ text: String) -> String {
        spelling(text) {
            [.control, .format, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
        }
    }

    /// Lines of a message, whoever wrote it, without what a terminal would obey.
    public static func lines(_ text: String) -> String {
        spelling(text) { $0.properties.generalCategory == .control && $0 != "\n" && $0 != "\t" }
    }

    private static func spelling(_ text: String, where isSpelled: (Unicode.Scalar) -> Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if isSpelled(scalar) {
                result += scalar.escaped(asASCII: true)
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
