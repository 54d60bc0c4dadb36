// A line of stdout for a notification, and for a gap.

internal import CopyCore

/// Writes records in one of the two forms.
struct ListenRecord {
    let format: ListenFormat

    /// A notification's line, its line end included.
    func line(_ notification: Notification, at label: String) -> String {
        switch format {
        case .text:
            [label, notification.channel, notification.payload, "\(notification.pid)"]
                .map(Self.escaped).joined(separator: "\t") + "\n"
        case .json:
            JSONText.object([
                ("connection", .string(label)), ("channel", .string(notification.channel)),
                ("payload", .string(notification.payload)), ("pid", .int(Int(notification.pid))),
            ]).text + "\n"
        }
    }

    /// The line that says that notifications may have been missed. In text its channel and its pid are NULL,
    /// which no notification's are, and its payload is "gap".
    func gap(at label: String) -> String {
        switch format {
        case .text: "\(Self.escaped(label))\t\\N\tgap\t\\N\n"
        case .json: JSONText.object([("event", .string("gap")), ("connection", .string(label))]).text + "\n"
        }
    }

    /// A value as COPY TO writes it in text format.
    private static func escaped(_ text: String) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped.append(contentsOf: "\\\\".unicodeScalars)
            case "\u{8}": escaped.append(contentsOf: "\\b".unicodeScalars)
            case "\u{C}": escaped.append(contentsOf: "\\f".unicodeScalars)
            case "\n": escaped.append(contentsOf: "\\n".unicodeScalars)
            case "\r": escaped.append(contentsOf: "\\r".unicodeScalars)
            case "\t": escaped.append(contentsOf: "\\t".unicodeScalars)
            case "\u{B}": escaped.append(contentsOf: "\\v".unicodeScalars)
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }
}
