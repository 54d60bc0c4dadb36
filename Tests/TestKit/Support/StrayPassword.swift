// Role: connection strings as fingers mistype them, each with the same password somewhere in it.

/// Makes connection strings, well written or not, that hold a password.
public enum StrayPassword {
    /// The end of each password: no piece of it occurs in anything else.
    public static let secret = "Hk7Qz9Wm"

    /// Whether four bytes in a row of it can be read there.
    public static func isSeen(in text: String) -> Bool {
        let bytes = Array(secret.utf8)
        return (0...(bytes.count - 4)).contains { text.contains(String(decoding: bytes[$0..<($0 + 4)], as: UTF8.self)) }
    }

    /// A connection string with the password in it; its host, where it has one, is `host`.
    public static func connection(_ rng: inout Seeded, host: String = "127.0.0.1") -> String {
        switch rng.next(in: 0..<6) {
        case 0, 1: return uri(&rng, host)
        case 2: return withoutHost(&rng)
        case 3, 4: return words(&rng, host)
        default: return nested(&rng, host)
        }
    }

    private static func pick(_ choices: [String], _ rng: inout Seeded) -> String { choices.randomElement(using: &rng)! }

    /// What stands between the two halves of a password.
    private static let marks = [
        "", "", "@", ":", "/", "?", "#", "%", "%zz", "%41", "&", "=", " ", ",", ";", "\\", "'", "\"", "@@", "://", "é",
        "[",
    ]

    private static func password(_ rng: inout Seeded, _ marks: [String] = marks) -> String {
        "pa" + pick(marks, &rng) + secret + pick(["", "", "!", "@", "'", "%", " "], &rng)
    }

    private static let schemes = [
        "postgresql://", "postgresql://", "postgresql://", "postgres://", " postgresql://", "\tpostgres://",
        "postgresql//", "postgresql:/", "postgresql:", "jdbc:postgresql://", "POSTGRESQL://", "postgresq://",
        "'postgresql://", "\"postgresql://", "psql://", "postgres:\\\\", "",
    ]
    private static let keywords = [
        "password", "password", "pasword", "passwort", "Password", "PASSWORD", "pwd", "pass", "passwd", "pass%77ord",
        "sslpassword", "psswrd", "pgpassword", "password ", "passord",
    ]

    private static func uri(_ rng: inout Seeded, _ host: String) -> String {
        let scheme = pick(schemes, &rng)
        let server = host + pick(["", ":1", ":"], &rng)
        let path = pick(["", "/", "/db", "/db?sslmode=disable", "/db?user=u"], &rng)
        let table = pick(["", "#t", "#s.t"], &rng)
        if rng.next(in: 0..<3) > 0 { return scheme + "u:" + password(&rng) + "@" + server + path + table }
        let separator = pick(["?", "&", ";", "?user=u&", "?user=u;", "?user=u,", "?user=u ", "?user=u&amp;"], &rng)
        let equals = pick(["=", "=", ":", "%3D"], &rng)
        return scheme + server + "/db" + separator + pick(keywords, &rng) + equals
            + password(&rng, ["", "%41", "@", "="])
            + table
    }

    /// Where a host is missing, the password stands in the place of a port. With an @ in it nobody can tell.
    private static func withoutHost(_ rng: inout Seeded) -> String {
        let scheme = pick(["postgresql://", "postgres://"], &rng)
        let login = pick(["u:", "u::", "u:1,v:", ":", "u x:"], &rng)
        return scheme + login
            + password(&rng, ["", ":", "/", "?", "#", "%", "&", "=", ",x:", ";"])
            .replacing("@", with: "") + pick(["", "/db", "#t", "?sslmode=disable"], &rng)
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
    }

    private static func words(_ rng: inout Seeded, _ host: String) -> String {
        let separator = pick([" ", " ", " ", ";", ",", "&", "\t", "; ", ", ", "\n"], &rng)
        let equals = pick(["=", "=", "=", " = ", ":", "=="], &rng)
        var secret = password(&rng)
        switch rng.next(in: 0..<4) {
        case 0: secret = quoted(secret)
        case 1: secret = "'" + secret
        case 2: secret = "\"" + secret + "\""
        default: break
        }
        var parts = ["host=" + host, "port=1", "dbname=db", pick(["user=u", "User Id=u", "usr=u"], &rng)]
        parts = Array(parts.shuffled(using: &rng).prefix(rng.next(in: 0..<5)))
        parts.insert(
            pick(keywords, &rng).replacing("%77", with: "w") + equals + secret, at: rng.next(in: 0..<(parts.count + 1)))
        return pick(["", "", "", " ", "'", "-"], &rng).replacing("-", with: parts.count > 1 ? "\"" : "")
            + parts.joined(separator: separator) + pick(["", "", "#t"], &rng)
    }

    /// One connection string as a value of another, or a password in a value of something else.
    private static func nested(_ rng: inout Seeded, _ host: String) -> String {
        let inner = pick(
            [
                "user=u password=" + secret, "postgresql://u:" + secret + "@h/d", "u:" + secret, "u/" + secret + "@h",
                "u;password=" + secret, "password=" + secret, "u, pwd=" + secret, "u " + "password " + secret,
                "db?password=" + secret, "x@y:" + secret,
            ], &rng)
        let keyword = pick(["dbname", "user", "service", "host", "sslmode", "options", "passfile", "port"], &rng)
        switch rng.next(in: 0..<3) {
        case 0: return "host=\(host) port=1 \(keyword)=" + quoted(inner)
        case 1: return "\(keyword)=" + quoted(inner) + pick(["", "#t"], &rng)
        default:
            let encoded = inner.replacing("%", with: "%25").replacing("&", with: "%26").replacing(" ", with: "%20")
            return "postgresql://\(host):1/db?\(keyword)=" + encoded
        }
    }
}
