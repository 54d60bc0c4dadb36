// Numbers of reports under each other.

/// Pads what stands in each place of a line to the widest that stood there before.
struct ReportColumns {
    private var widths: [Int: Int] = [:]

    /// The texts of a line, each behind what stands before it.
    /// - Parameter first: the place of the first one.
    mutating func padded(_ parts: [(before: String, text: String)], from first: Int = 0) -> String {
        parts.enumerated().map { place, part in
            let place = first + place
            guard !part.text.isEmpty else { return part.before }
            let width = max(widths[place] ?? 0, part.text.count)
            widths[place] = width
            return part.before + String(repeating: " ", count: width - part.text.count) + part.text
        }.joined()
    }
}
