// The three formats of COPY, and what a reader of rows must know of them.

/// A format of COPY.
public enum CopyFormat: String, Sendable, CaseIterable {
    /// Tab separated lines with backslash escapes.
    case text
    /// Comma separated values.
    case csv
    /// PostgreSQL's own binary form.
    case binary
}

/// How rows lie in a stream of COPY data.
public enum RowLayout: Sendable, Hashable {
    /// A row is a line; a backslash takes the next byte as it is.
    case text
    /// A row is a line; line ends inside quotes belong to a value.
    case csv(quote: UInt8, escape: UInt8)
    /// A header, tuples of counted fields, a trailer.
    case binary

    /// CSV with COPY's defaults: a double quote for both.
    public static let csv = RowLayout.csv(quote: UInt8(ascii: "\""), escape: UInt8(ascii: "\""))
}
