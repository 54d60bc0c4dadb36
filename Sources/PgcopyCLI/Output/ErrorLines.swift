// An error as the lines a person reads.

internal import CopyCore

/// Turns errors into lines, first the message, then what the server adds.
enum ErrorLines {
    static func of(_ error: any Error) -> [String] {
        if let server = serverMessage(error) { return of(server) }
        // libpq indents its own afterthoughts by a tab.
        return "\(error)".split(separator: "\n").map { String($0.drop { $0 == "\t" || $0 == " " }) }
    }

    static func of(_ message: ServerMessage) -> [String] {
        var lines = ["\(message.severity): \(message.message) (SQLSTATE \(message.sqlState))"]
        if let detail = message.detail { lines.append("DETAIL: \(detail)") }
        if let hint = message.hint { lines.append("HINT: \(hint)") }
        if let context = message.context { lines.append("CONTEXT: \(context)") }
        return lines
    }

    /// The server's words behind an error, if a server spoke.
    static func serverMessage(_ error: any Error) -> ServerMessage? {
        (error as? PQError)?.server
    }
}
