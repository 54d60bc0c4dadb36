// COPY's options, the same on both sides of a transfer.

/// The format of a COPY and what goes with it.
public struct CopyOptions: Sendable, Hashable {
    /// The format.
    public var format: CopyFormat
    /// A line of column names first: one that is written, or one that is read by its names.
    public var header = false
    /// What stands between two values; nil: the format's default.
    public var delimiter: String?
    /// What stands for NULL; nil: the format's default.
    public var null: String?
    /// CSV's quote; nil: the default.
    public var quote: String?
    /// CSV's escape; nil: the quote.
    public var escape: String?
    /// The encoding of the data; nil: the session's.
    public var encoding: String?
    /// What the source selects instead of its columns, one for each; nil: the columns themselves.
    var selection: [String]?

    /// Which rows are left out where they are loaded; nil: none.
    var leavesOut: RejectLimit?

    /// Rows are frozen: nobody else can see the table before the commit, or could before it was emptied.
    var freezes = false

    /// A format with its defaults.
    public init(format: CopyFormat = .text) { self.format = format }

    /// Whether an option is given that the binary format does not have.
    public var isTextual: Bool {
        header || delimiter != nil || null != nil || quote != nil || escape != nil || encoding != nil
    }

    /// How rows lie in it.
    public var layout: RowLayout {
        switch format {
        case .text: .text
        case .binary: .binary
        case .csv:
            .csv(
                quote: quote?.utf8.first ?? UInt8(ascii: "\""),
                escape: (escape ?? quote)?.utf8.first ?? UInt8(ascii: "\""))
        }
    }

    /// As `(FORMAT csv, HEADER true)`.
    public var sql: String {
        var parts = ["FORMAT \(format.rawValue)"]
        if header { parts.append("HEADER true") }
        let texts = [
            ("DELIMITER", delimiter), ("NULL", null), ("QUOTE", quote), ("ESCAPE", escape), ("ENCODING", encoding),
        ]
        for (name, text) in texts {
            if let text { parts.append("\(name) \(quoteLiteral(text))") }
        }
        if freezes { parts.append("FREEZE true") }
        if let leavesOut { parts.append(leavesOut.sql) }
        return "(" + parts.joined(separator: ", ") + ")"
    }
}
