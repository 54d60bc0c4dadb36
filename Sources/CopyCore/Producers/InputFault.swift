// What a stream throws that is not all there, or is not what it was taken for.

extension PgcopyError.Code {
    /// A stream of rows cannot be taken for complete, or for rows. Nothing of it is to stay anywhere.
    public static let input = Self("input")
}

extension PgcopyError {
    /// The binary rows ended without the trailer that comes after the last one.
    public static let trailerMissing = PgcopyError(.input, "the binary data is cut off: its trailer is missing")

    /// The last row, this manieth, has no line end.
    public static func unterminated(row: Int) -> PgcopyError {
        endsInside("row \(row)", "--allow-unterminated takes a last row without its line end")
    }

    /// The data ends between the quotes of a csv value.
    public static func insideQuotes(row: Int) -> PgcopyError {
        endsInside("row \(row)", "a quoted value is not closed; see --quote and --escape")
    }

    /// The data ends behind a backslash that escapes nothing.
    public static func insideEscape(row: Int) -> PgcopyError {
        endsInside("row \(row)", "the last byte is a backslash that escapes nothing")
    }

    /// The end marker is there, its line end is not.
    public static let insideMarker = endsInside(#"its end marker \."#, markerAsValue)
    /// The data ends before its header line does.
    public static let insideHeader = endsInside(
        "the header line", "--allow-unterminated takes a last line without its line end")
    /// The data ends between the quotes, or behind the backslash, of a name in its header line.
    public static let insideHeaderValue = endsInside(
        "the header line", "a name in it is not closed; see --quote and --escape")
    /// There is not even the header line that was asked for.
    public static let noHeader = PgcopyError(
        .input, "the data ends before its header line: cut off? nothing was committed")

    /// The header line is longer than this many bytes.
    public static func headerTooLong(limit: Int) -> PgcopyError {
        PgcopyError(.input, "the header line is longer than \(limit) bytes: no header?")
    }

    /// The header line and the rows end in different ways: servers, which get the rows only, would see other rows.
    public static let headerEndsOtherwise = PgcopyError(
        .input, "the rows have other line ends than the header line",
        hint: #"line ends are \n, \r\n or \r, the same for all lines"#)

    /// Data follows the end marker, which follows so many rows.
    public static func behindMarker(rows: Int) -> PgcopyError {
        PgcopyError(
            .input, #"there is data behind the end-of-data marker \., which follows row \#(rows)"#, hint: markerAsValue)
    }

    /// Data follows the binary format's trailer.
    public static let behindTrailer = PgcopyError(
        .input, "there is data behind the trailer of the binary format")

    /// `\.` stands on a line with something else.
    public static func markerNotAlone(row: Int) -> PgcopyError {
        PgcopyError(
            .input, #"row \#(row): the end-of-data marker \. is not alone on its line"#,
            hint: #"a backslash that is data is written \\ in text; is it csv?"#)
    }

    /// A line of csv is `\.` alone: the end to some servers, a value to others.
    public static func ambiguousMarker(row: Int) -> PgcopyError {
        PgcopyError(
            .input,
            #"row \#(row) is \. alone: servers up to 17 take it for the end of the data, later ones for a value"#,
            hint: #"write "\." for the value; leave the line out where it is the end"#)
    }

    /// Csv is quoted by a byte of the end marker, which servers up to 17 look for first.
    public static let quoteInMarker = PgcopyError(
        .input, "the quote of csv cannot be a part of the end-of-data marker \\.")

    /// It begins like something else.
    /// - Parameter label: of what it was read from, where that is known.
    public static func foreign(_ kind: ForeignData, in label: String? = nil) -> PgcopyError {
        guard kind != .binaryCopy else {
            return PgcopyError(.input, "the data is in COPY's binary format", hint: "--format=binary reads it")
        }
        return PgcopyError(
            .input, "the data is compressed by \(kind.name)",
            hint: kind.reader.map { reader in
                // A program reads our stdin.
                guard label != "-" else { return "program:\(reader) reads it" }
                var name = label.map { $0.hasPrefix("file:") ? String($0.dropFirst(5)) : $0 } ?? ""
                if !HarmlessValue.isPlainWord(Array(name.utf8)) { name = "FILE" }
                // An option, otherwise.
                if name.hasPrefix("-") { name = "./" + name }
                return "program:'\(reader) \(name)' reads it"
            })
    }

    /// What a scanner found.
    static func input(_ fault: RowScanner.Fault, rows: Int) -> PgcopyError {
        switch fault {
        case .markerNotAlone: markerNotAlone(row: rows + 1)
        case .behindMarker: behindMarker(rows: rows)
        case .behindTrailer: behindTrailer
        }
    }

    private static let markerAsValue = #"a value \. is written \\. in text, "\." in csv"#

    private static func endsInside(_ what: String, _ hint: String) -> PgcopyError {
        PgcopyError(.input, "the data ends inside \(what): cut off? nothing was committed", hint: hint)
    }
}

/// Reads or writes a row; what is wrong with it is the cause.
func wellFormed<R>(_ body: () throws -> R) throws(PgcopyError) -> R {
    do {
        return try body()
    } catch {
        throw PgcopyError(.input, "\(error)", causes: [error])
    }
}
