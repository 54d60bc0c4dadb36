// An error as the lines a person reads.

internal import CopyCore

/// Turns errors into lines, first the message, then what the server adds.
enum ErrorLines {
    static func of(_ error: any Error) -> [String] {
        let hint = (error as? PgcopyError)?.hint
        if var server = serverMessage(error) {
            server.hint = server.hint ?? hint
            return of(server)
        }
        // libpq indents its own afterthoughts by a tab.
        return "\(error)".unicodeScalars.split(separator: "\n").map { String($0.drop { $0 == "\t" || $0 == " " }) }
            + (hint.map { ["HINT: \($0)"] } ?? [])
    }

    static func of(_ message: ServerMessage) -> [String] {
        var lines = split("\(message.severity): \(message.message)")
        lines[0] += " (SQLSTATE \(message.sqlState))"
        if let detail = message.detail { lines += split("DETAIL: \(detail)") }
        if let hint = message.hint { lines += split("HINT: \(hint)") }
        if let context = message.context { lines += split("CONTEXT: \(context)") }
        return lines
    }

    /// A notice, which is not asked where it comes from.
    static func of(notice: ServerMessage) -> [String] {
        var lines = split("\(notice.severity): \(notice.message)")
        if let detail = notice.detail { lines += split("DETAIL: \(detail)") }
        if let hint = notice.hint { lines += split("HINT: \(hint)") }
        return lines
    }

    /// Every line of a server's text is a message of ours: each gets its prefix.
    private static func split(_ text: String) -> [String] {
        // By scalars: a carriage return and a newline are one character.
        text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
    }

    /// The server's words behind an error, if a server spoke.
    static func serverMessage(_ error: any Error) -> ServerMessage? {
        (error as? PgcopyError)?.server
    }
}
