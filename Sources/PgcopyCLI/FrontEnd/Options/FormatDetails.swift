// The options of COPY that shape text and csv, checked as the server would check them.

internal import CopyCore

/// What the Format group says beside the format itself; nil leaves COPY's own default.
public struct FormatDetails: Sendable, Equatable {
    /// The first line names the columns.
    public var header = false
    /// A source's first line is passed over instead.
    public var skipsHeader = false
    /// A single byte.
    public var delimiter: UInt8?
    /// What stands for NULL; may be empty.
    public var null: String?
    /// A single byte; csv only.
    public var quote: UInt8?
    /// A single byte; csv only.
    public var escape: UInt8?
    /// A name that the server knows.
    public var encoding: String?

    /// COPY's own defaults.
    public init() {}
}

extension FormatDetails {
    /// Reads and checks the options.
    init(_ invocation: Invocation, format: FormatChoice) throws(UsageError) {
        try Self.checkThatFormatHas(invocation, format)
        header = invocation.has(.header)
        skipsHeader = invocation.value(of: .header)?.text == HeaderChoice.skip.rawValue
        delimiter = try Self.byte(.delimiter, invocation)
        null = try invocation.text(of: .null)
        quote = try Self.byte(.quote, invocation)
        escape = try Self.byte(.escape, invocation)
        encoding = try invocation.nonEmptyText(of: .encoding)
        if format != .binary { try check(invocation, format) }
    }

    private static func checkThatFormatHas(_ invocation: Invocation, _ format: FormatChoice) throws(UsageError) {
        let refused: [OptionSpec]
        switch format {
        case .csv: refused = []
        case .auto, .text: refused = [.quote, .escape]
        case .binary: refused = [.header, .delimiter, .null, .quote, .escape, .encoding]
        }
        for option in refused where invocation.has(option) {
            let csvOnly = option.long == OptionSpec.quote.long || option.long == OptionSpec.escape.long
            throw invocation.error(
                csvOnly
                    ? "option \(option.spelling) needs --format=csv"
                    : "option \(option.spelling) cannot be given with --format=binary"
            )
        }
    }

    private static func byte(_ option: OptionSpec, _ invocation: Invocation) throws(UsageError) -> UInt8? {
        guard let value = invocation.value(of: option) else { return nil }
        // People type a tab so, and no other two characters are one.
        let bytes = option.long == OptionSpec.delimiter.long && value.text == "\\t" ? [0x09] : value.bytes
        guard bytes.count == 1, bytes[0] < 0x80 else {
            throw invocation.error("option \(option.spelling): its value must be one single-byte character")
        }
        if bytes[0] == UInt8(ascii: "\n") || bytes[0] == UInt8(ascii: "\r") {
            throw invocation.error("option \(option.spelling): its value cannot be a newline or carriage return")
        }
        return bytes[0]
    }

    /// The rules between the values, defaults included.
    private func check(_ invocation: Invocation, _ format: FormatChoice) throws(UsageError) {
        let isCSV = format == .csv
        let delimiter = self.delimiter ?? UInt8(ascii: isCSV ? "," : "\t")
        let quote = self.quote ?? UInt8(ascii: "\"")
        let null = self.null ?? (isCSV ? "" : "\\N")
        if !isCSV, "\\.abcdefghijklmnopqrstuvwxyz0123456789".utf8.contains(delimiter) {
            let shown = Character(UnicodeScalar(delimiter))
            throw invocation.error("option --delimiter: \"\(shown)\" cannot separate columns in text format")
        }
        for (option, byte) in [(OptionSpec.delimiter, delimiter), (.quote, quote)]
        where isCSV && EndMarker.contains(byte) {
            let shown = Character(UnicodeScalar(byte))
            throw invocation.error("option \(option.spelling): \"\(shown)\" could make the end-of-data marker of a row")
        }
        if isCSV, quote == delimiter {
            throw invocation.error("options --delimiter and --quote: they must differ")
        }
        if null.utf8.contains(where: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
            throw invocation.error("option --null: its value cannot hold a newline or carriage return")
        }
        if null.utf8.contains(delimiter) {
            throw invocation.error("options --delimiter and --null: the delimiter cannot occur in \(Echo.quoted(null))")
        }
        if isCSV ? null == "\\." : Self.breaksText(null) {
            throw invocation.error("option --null: \(Echo.quoted(null)) could make the end-of-data marker of a row")
        }
        if isCSV, null.utf8.contains(quote) {
            throw invocation.error("options --quote and --null: the quote cannot occur in \(Echo.quoted(null))")
        }
    }

    /// Whether text cannot be read again where this stands for NULL: a backslash that takes what follows it, or `\.`.
    private static func breaksText(_ null: String) -> Bool {
        var bytes = Array(null.utf8)[...]
        while let byte = bytes.popFirst() {
            guard byte == UInt8(ascii: "\\") else { continue }
            guard let next = bytes.popFirst(), next != UInt8(ascii: ".") else { return true }
        }
        return false
    }
}
