// A line of stdout for a notification, and for a gap.

internal import CopyCore

/// Writes records in one of the two forms.
struct ListenRecord {
    let format: ListenFormat

    /// A notification's line, its line end included.
    func line(_ notification: Notification, at label: String) -> String {
        switch format {
        case .text:
            text([label, notification.channel, notification.payload, "\(notification.pid)"])
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
        case .text: text([label, nil, "gap", nil])
        case .json: JSONText.object([("type", .string("gap")), ("connection", .string(label))]).text + "\n"
        }
    }

    /// A line as COPY TO writes it in text format.
    private func text(_ values: [String?]) -> String { String(decoding: TextRow.encode(values), as: UTF8.self) }
}
