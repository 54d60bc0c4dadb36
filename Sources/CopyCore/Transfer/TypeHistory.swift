// What became of types between the versions of PostgreSQL.

/// Which values one version reads otherwise than another wrote them; pure.
///
/// From the release notes of 13 to 18, and from values of every type copied between 14, 15, 16, 17 and 18 in text and in
/// binary (`Tests/EndToEndTests/Versions`). Whatever is not here arrives equal, or the receiving server refuses it.
enum TypeHistory {
    /// The versions all this is known of.
    static let known = 13...18

    /// A server, as far as it matters here.
    struct Peer: Hashable, Sendable {
        /// As libpq gives it: 150018.
        var serverVersion: Int
        /// server_encoding; nil where it is not known.
        var encoding: String?

        /// What two servers share whose forms are the same: 15; before version 10 two numbers made it.
        var major: Int { serverVersion >= 100_000 ? serverVersion / 10_000 : serverVersion / 100 }
    }

    /// A type whose binary form came to mean something else.
    private struct Change {
        var type: String
        var since: Int
        /// Whether the older server's values are misread, too, or only what comes to it.
        var isMutual: Bool
    }

    private static let changes = [
        // 17: the greatest and the least of all became infinity and -infinity.
        Change(type: "interval", since: 17, isMutual: true),
        // 15: more hours than fit into 32 bits. Older servers take them in binary, and print them wrongly or not at all.
        Change(type: "interval", since: 15, isMutual: false),
    ]

    /// Why the binary form of what may hold these types does not mean the same at both servers; nil: it does.
    static func binaryDoubt(from source: Peer, to destination: Peer, mayHold: (String) -> Bool) -> String? {
        let change = changes.first { change in
            guard mayHold(change.type) else { return false }
            let isNew = (source: source.major >= change.since, destination: destination.major >= change.since)
            return isNew.source != isNew.destination && (isNew.source || change.isMutual)
        }
        return change.map { "\($0.type), whose binary form has another meaning since PostgreSQL \($0.since)" }
    }

    /// Whether nothing is known of how one of them writes binary and the other reads it.
    static func isUnknown(_ source: Peer, _ destination: Peer) -> Bool {
        source.major != destination.major && !(known.contains(source.major) && known.contains(destination.major))
    }

    /// A value that another server takes in text for another value, without an error.
    enum Misreading: CaseIterable {
        /// The greatest of all intervals is infinity from version 17 on, in text, too. Version 14 cannot print it.
        case greatestInterval
        /// From version 15 on a "char" above 127 is printed as a backslash and three octal digits. Older servers take the
        /// backslash for it.
        case octalChar
        /// Before, it was printed as that byte. Converted to UTF8 this becomes two, and a server takes the first.
        case convertedChar

        /// The type it is of.
        var type: String { self == .greatestInterval ? "interval" : "char" }

        /// Whether it can come about between these two.
        /// - Parameter encoding: what the data is sent in.
        func isPossible(from source: Peer, to destination: Peer, in encoding: String) -> Bool {
            switch self {
            case .greatestInterval: source.major < 17 && destination.major >= 17
            case .octalChar: source.major >= 15 && destination.major < 15
            case .convertedChar:
                source.major < 15
                    && source.encoding.map { !Encoding.areSame($0, encoding) && $0 != "SQL_ASCII" } ?? false
            }
        }

        /// What is wrong with such a value.
        func reason(from source: Peer, in encoding: String) -> String {
            self == .convertedChar
                ? "would become another on its way from \(source.encoding ?? "its encoding") to \(encoding)"
                : "a destination's version would take for another in text"
        }

        /// A condition in SQL: whether the value is among these, given how the source prints it.
        func condition(_ text: String) -> String {
            switch self {
            case .greatestInterval:
                "pg_catalog.strpos(\(text), "
                    + "'178956970 years 7 mons 2147483647 days 2562047788:00:54.775807') OPERATOR(pg_catalog.>) 0"
            case .octalChar: "\(text) OPERATOR(pg_catalog.~) \(quoteLiteral("\\\\[23][0-7][0-7]"))"
            case .convertedChar:
                "pg_catalog.octet_length(pg_catalog.convert_to(\(text), 'UTF8')) OPERATOR(pg_catalog.<>) "
                    + "pg_catalog.length(\(text))"
            }
        }
    }

    /// A column as it is selected in text formats, where some of its values would be taken for others: the source's server
    /// fails at such a value.
    static func guarded(
        _ column: String, against misreadings: [Misreading], from source: Peer, in encoding: String
    ) -> String {
        let name = quoteIdentifier(column)
        // What COPY prints; a cast to text may be the user's own.
        let text = "pg_catalog.format('%s', \(name))"
        let failures = misreadings.map { misreading in
            let message = quoteLiteral(
                "column \(name) holds a value that \(misreading.reason(from: source, in: encoding)): ")
            // SQL has no statement that fails, but a function can; a cast may be the user's own. The planner must not try
            // it: the value is in it.
            return """
                WHEN \(misreading.condition(text)) THEN pg_catalog.int4in(pg_catalog.textout(\
                \(message) OPERATOR(pg_catalog.||) pg_catalog.left(\(text), 100)))
                """
        }
        return "CASE WHEN (CASE \(failures.joined(separator: " ")) END) IS NULL THEN \(name) END AS \(name)"
    }
}
