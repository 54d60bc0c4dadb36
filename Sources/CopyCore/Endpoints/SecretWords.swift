// Words that announce a password, and words that are nearly one of libpq's.

/// Recognizes what people call a password, misspelt too.
enum SecretWords {
    private static let known: Set<String> = [
        "password", "passwort", "passwd", "passphrase", "passcode", "pass", "pwd", "pswd", "pw", "secret", "pgpassword",
        "kennwort", "sslpassword", "mdp", "motdepasse", "contrasena", "senha", "wachtwoord",
    ]

    /// Whether a word announces one.
    static func isOne(_ word: String) -> Bool {
        let word = word.lowercased()
        if known.contains(word) || Redaction.secretKeywords.contains(word) { return true }
        if Redaction.keywords.contains(word) { return false }
        return word.utf8.count >= 5 && NearestWord.editDistance(word, "password") <= 3
            || ["password", "passwd", "secret"].contains { word.contains($0) }
    }

    /// Whether one stands in a text at all.
    static func areNamed(in text: String) -> Bool { words(text) { isOne($0.word) } }

    /// Whether one stands before an equals sign or a colon, and so seems to be followed by a password.
    static func areGivenValues(in text: String) -> Bool {
        words(text) { word, rest in
            let next = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.first
            return next.map { "=:%".utf8.contains($0) } ?? false && isOne(word)
        }
    }

    /// The keyword of libpq's that is so near that it must be meant.
    static func nearestKeyword(_ word: String) -> String? {
        let word = word.lowercased()
        let near = Redaction.keywords.map { ($0, NearestWord.editDistance(word, $0)) }.filter {
            $0.1 <= min(2, $0.0.utf8.count / 3)
        }
        return near.min { ($0.1, $0.0) < ($1.1, $1.0) }?.0
    }

    private static func words(
        _ text: String, _ isWanted: ((word: String, rest: ArraySlice<UInt8>)) -> Bool
    ) -> Bool {
        var rest = Array(text.utf8)[...]
        func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte | 0x20) || byte == UInt8(ascii: "_") }
        while true {
            rest = rest.drop { !isLetter($0) }
            if rest.isEmpty { return false }
            let word = rest.prefix(while: isLetter)
            rest = rest.dropFirst(word.count)
            if isWanted((String(decoding: word, as: UTF8.self), rest)) { return true }
        }
    }
}
