// Statements that are not sent: COPY goes by one COPY statement in its own direction, and nothing else.

/// A string that is not the one COPY statement asked for. It was not sent.
extension PgcopyError {
    /// No COPY statement.
    public static let notCopy = PgcopyError(.usage, "not a COPY statement")
    /// More than one statement.
    public static let severalStatements = PgcopyError(.usage, "more than one statement where one COPY was asked for")
    /// COPY … FROM where COPY … TO STDOUT was asked for.
    public static let notToStdout = PgcopyError(.usage, "not a COPY … TO STDOUT")
    /// COPY … TO where COPY … FROM STDIN was asked for.
    public static let notFromStdin = PgcopyError(.usage, "not a COPY … FROM STDIN")
    /// COPY with a file or program of the server: no data passes the connection.
    public static let fileOrProgram = PgcopyError(
        .usage, "COPY with a file or program of the server moves no data over the connection")
    /// A zero byte, where the server would stop reading.
    public static let zeroByte = PgcopyError(.usage, "a statement cannot hold a zero byte")
}

/// A direction of COPY, as its statement says it.
enum CopyDirection: String {
    case to
    case from
}

/// Looks at a statement before it is sent.
enum CopyCheck {
    /// Throws when the string is surely not one COPY statement in this direction. What the server's parser
    /// will not take is left to it: then nothing of the string is run either.
    static func require(_ direction: CopyDirection, _ sql: String, _ session: Session) throws(PgcopyError) {
        let standardStrings = session.connection.parameterStatus("standard_conforming_strings") != "off"
        try require(direction, sql, standardStrings: standardStrings)
    }

    static func require(
        _ direction: CopyDirection, _ sql: String, standardStrings: Bool
    ) throws(PgcopyError) {
        guard !sql.utf8.contains(0) else { throw .zeroByte }
        var tokens = SQLTokens(sql, standardStrings: standardStrings)
        guard tokens.next() == .word("copy") else { throw .notCopy }
        var depth = 0
        var previous = SQLToken.word("copy")
        var found: CopyDirection?
        var partner: SQLToken?
        while let token = tokens.next() {
            if found != nil, partner == nil { partner = token }
            switch token {
            case .unterminated: return
            case .symbol("("): depth += 1
            case .symbol(")"): depth -= 1
            case .symbol(";"):
                // Inside of parentheses it is a syntax error.
                guard depth <= 0 else { return }
                while let more = tokens.next() { guard more == .symbol(";") else { throw .severalStatements } }
            case .word(let word) where depth == 0 && found == nil && previous != .symbol("."):
                // Reserved words: no table and no column is named so without quotes.
                found = CopyDirection(rawValue: word)
            case .word, .quotedName, .string, .symbol: break
            }
            previous = token
        }
        switch partner {
        case .string, .word("program"): throw .fileOrProgram
        case .word("stdin"), .word("stdout"): break
        default: return
        }
        guard found == direction else { throw direction == .to ? .notToStdout : .notFromStdin }
    }
}
