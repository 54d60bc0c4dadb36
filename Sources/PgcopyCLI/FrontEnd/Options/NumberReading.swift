// Numbers as people write them in options.

/// Reads numbers strictly: no sign, no exponent, no blanks.
enum NumberReading {
    /// A decimal number such as `1`, `0.25` or `.5`.
    static func decimal(_ text: some StringProtocol) -> Double? {
        let isDigitsAndPoint = text.utf8.allSatisfy { isDigit($0) || $0 == UInt8(ascii: ".") }
        guard isDigitsAndPoint, text.utf8.contains(where: isDigit) else { return nil }
        let padded = "0" + String(text)
        return Double(padded.hasSuffix(".") ? padded + "0" : padded)
    }

    /// A whole number.
    static func count(_ text: String) -> Int? {
        text.utf8.allSatisfy(isDigit) ? Int(text) : nil
    }

    /// A number of bytes with a unit, all powers of 1024 as in PostgreSQL's settings.
    static func bytes(_ text: String) -> Int? {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let shift: Int
        switch text.dropFirst(number.count) {
        case "", "B": shift = 0
        case "k", "K", "kB", "KB", "KiB": shift = 10
        case "M", "MB", "MiB": shift = 20
        case "G", "GB", "GiB": shift = 30
        case "T", "TB", "TiB": shift = 40
        default: return nil
        }
        // Exact where it can be: a double has no room for every Int.
        if let whole = count(String(number)) {
            let (product, overflow) = whole.multipliedReportingOverflow(by: 1 << shift)
            return overflow ? nil : product
        }
        guard let decimal = decimal(number) else { return nil }
        return Int(exactly: (decimal * Double(1 << shift)).rounded(.down))
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }
}
