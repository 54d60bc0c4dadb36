// Channels and payloads as they are typed.

internal import CopyCore

/// Reads the values of `--channel`.
enum ChannelArgument {
    /// A name exactly as typed; in double quotes it is read as SQL reads it.
    static func name(
        _ value: Argument, _ invocation: Invocation, of option: OptionSpec = .listenChannel
    ) throws(UsageError) -> String {
        let (name, rest) = try split(value, invocation, of: option)
        return name + rest
    }

    /// `NAME` or `NAME=PAYLOAD`. A name that holds an equals sign goes in double quotes.
    static func notification(_ value: Argument, _ invocation: Invocation) throws(UsageError) -> OutgoingNotification {
        let (quoted, rest) = try split(value, invocation, of: .notifyChannel, mayFollow: true)
        let equals = rest.utf8.firstIndex(of: UInt8(ascii: "=")) ?? rest.endIndex
        let notification = OutgoingNotification(
            channel: quoted + rest[..<equals], payload: String(rest[equals...].dropFirst()))
        if notification.channel.isEmpty { throw error(.emptyChannel, invocation, .notifyChannel) }
        return notification
    }

    /// The part in quotes, unquoted, and what follows it.
    private static func split(
        _ value: Argument, _ invocation: Invocation, of option: OptionSpec, mayFollow: Bool = false
    ) throws(UsageError) -> (quoted: String, rest: Substring) {
        guard value.validText != nil else {
            throw invocation.error("option \(option.spelling): its value is not valid UTF-8")
        }
        let text = RawText.decoding(value.bytes)
        guard text.hasPrefix("\"") else {
            if text.isEmpty { throw error(.emptyChannel, invocation, option) }
            return ("", text[...])
        }
        var name = String.UnicodeScalarView()
        var rest = text.unicodeScalars.dropFirst()
        while let scalar = rest.popFirst() {
            if scalar == "\"", rest.first != "\"" {
                if name.isEmpty { throw error(.emptyChannel, invocation, option) }
                let follows = rest.first.map { mayFollow && $0 == "=" } ?? true
                guard follows else { break }
                return (String(name), Substring(rest))
            }
            if scalar == "\"" { rest.removeFirst() }
            name.append(scalar)
        }
        throw invocation.error(
            "option \(option.spelling): \(Echo.quoted(text)) begins with a double quote, but is no name in double quotes"
        )
    }

    private static func error(_ misuse: PgcopyError, _ invocation: Invocation, _ option: OptionSpec) -> UsageError {
        invocation.error("option \(option.spelling): \(misuse)")
    }
}
