// How messages repeat what the user typed: no secrets, no terminal control.

internal import CopyCore

/// Makes typed text fit for a message.
enum Echo {
    /// The text in quotes, or `instead` where it may hold a password or is too long to help.
    static func quoted(_ text: String, instead: String = "the value given") -> String {
        mayHoldSecret(text) || text.utf8.count > 60 ? instead : "\"\(printable(text))\""
    }

    /// A value that slipped into a wrong place can be a connection with a password in it.
    static func mayHoldSecret(_ text: String) -> Bool {
        text.contains { "=@:".contains($0) } || text.contains("//") || Redaction.mayHoldPassword(text)
    }

    /// A word that stands as an option's name, or nothing where it may hold a password.
    static func name(_ text: String) -> String {
        mayHoldSecret(text) || text.utf8.count > 60 ? "" : printable(text)
    }

    /// Control characters spelled out.
    static func printable(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                result += scalar.escaped(asASCII: true)
            default:
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
