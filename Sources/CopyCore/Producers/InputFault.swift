// What a stream throws that is not all there, or is not what it was taken for.

/// A stream of rows cannot be taken for complete, or for rows. Nothing of it is to stay anywhere.
public enum InputFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// The binary rows ended without the trailer that comes after the last one.
    case trailerMissing
    /// The last row, this manieth, has no line end.
    case unterminated(row: Int)
    /// The data ends between the quotes of a csv value.
    case insideQuotes(row: Int)
    /// The data ends behind a backslash that escapes nothing.
    case insideEscape(row: Int)
    /// The end marker is there, its line end is not.
    case insideMarker
    /// The data ends before its header line does.
    case insideHeader
    /// The data ends between the quotes, or behind the backslash, of a name in its header line.
    case insideHeaderValue
    /// There is not even the header line that was asked for.
    case noHeader
    /// The header line is longer than this many bytes.
    case headerTooLong(limit: Int)
    /// The header line and the rows end in different ways: servers, which get the rows only, would see other rows.
    case headerEndsOtherwise
    /// Data follows the end marker, which follows so many rows.
    case behindMarker(rows: Int)
    /// Data follows the binary format's trailer.
    case behindTrailer
    /// `\.` stands on a line with something else.
    case markerNotAlone(row: Int)
    /// A line of csv is `\.` alone: the end to some servers, a value to others.
    case ambiguousMarker(row: Int)
    /// Csv is quoted by a byte of the end marker, which servers up to 17 look for first.
    case quoteInMarker
    /// It begins like something else.
    case foreign(ForeignData)

    /// For a person.
    public var description: String {
        switch self {
        case .quoteInMarker: "the quote of csv cannot be a part of the end-of-data marker \\."
        case .trailerMissing: "the binary data is cut off: its trailer is missing"
        case .unterminated(let row), .insideQuotes(let row), .insideEscape(let row):
            "the data ends inside row \(row): cut off? nothing was committed"
        case .insideMarker: #"the data ends inside its end marker \.: cut off? nothing was committed"#
        case .insideHeader, .insideHeaderValue: "the data ends inside the header line: cut off? nothing was committed"
        case .noHeader: "the data ends before its header line: cut off? nothing was committed"
        case .headerTooLong(let limit): "the header line is longer than \(limit) bytes: no header?"
        case .headerEndsOtherwise: "the rows have other line ends than the header line"
        case .behindMarker(let rows): #"there is data behind the end-of-data marker \., which follows row \#(rows)"#
        case .behindTrailer: "there is data behind the trailer of the binary format"
        case .markerNotAlone(let row): #"row \#(row): the end-of-data marker \. is not alone on its line"#
        case .ambiguousMarker(let row):
            #"row \#(row) is \. alone: servers up to 17 take it for the end of the data, later ones for a value"#
        case .foreign(.binaryCopy): "the data is in COPY's binary format"
        case .foreign(let kind): "the data is compressed by \(kind.name)"
        }
    }

    /// What to do about it; nil where there is nothing but to look at the data.
    public var hint: String? {
        switch self {
        case .unterminated: "--allow-unterminated takes a last row without its line end"
        case .insideHeader: "--allow-unterminated takes a last line without its line end"
        case .insideHeaderValue: "a name in it is not closed; see --quote and --escape"
        case .insideQuotes: "a quoted value is not closed; see --quote and --escape"
        case .insideEscape: "the last byte is a backslash that escapes nothing"
        case .behindMarker, .insideMarker: #"a value \. is written \\. in text, "\." in csv"#
        case .markerNotAlone: #"a backslash that is data is written \\ in text; is it csv?"#
        case .ambiguousMarker: #"write "\." for the value; leave the line out where it is the end"#
        case .foreign(.binaryCopy): "--format=binary reads it"
        case .foreign(let kind): kind.reader.map { "\($0) FILE | pgcopy transfer - … reads it" }
        case .headerEndsOtherwise: #"line ends are \n, \r\n or \r, the same for all lines"#
        case .trailerMissing, .noHeader, .headerTooLong, .behindTrailer, .quoteInMarker: nil
        }
    }

    /// What a scanner found.
    init(_ fault: RowScanner.Fault, rows: Int) {
        switch fault {
        case .markerNotAlone: self = .markerNotAlone(row: rows + 1)
        case .behindMarker: self = .behindMarker(rows: rows)
        case .behindTrailer: self = .behindTrailer
        }
    }
}
