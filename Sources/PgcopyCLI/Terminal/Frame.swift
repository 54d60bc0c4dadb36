// What to write so that a terminal shows other lines than before, in the same place.

/// Lines at the bottom of what was written, the cursor at the beginning of the last one; pure.
///
/// The cursor is never hidden: whatever ends the program, it is there.
struct Frame {
    /// What is shown, and the columns of each line.
    private var shown: [(text: String, width: Int)] = []

    /// Begins and ends what is to be shown at once (synchronized output); who does not know it passes over it.
    private static let begin = "\u{1B}[?2026h"
    private static let end = "\u{1B}[?2026l"
    private static let eraseBelow = "\u{1B}[J"
    private static let eraseRight = "\u{1B}[K"

    var isEmpty: Bool { shown.isEmpty }

    /// Shows these lines instead; empty where nothing changes.
    /// - Parameters:
    ///   - lines: none is wider than the terminal.
    ///   - columns: the terminal's; it may have become narrower since.
    mutating func show(_ lines: [(text: String, width: Int)], columns: Int) -> String {
        guard !lines.isEmpty else { return erase(columns) }
        if lines.count == shown.count, zip(lines, shown).allSatisfy({ $0.text == $1.text }) { return "" }
        // Rewriting all that changed lines leave where they stand.
        let isWhole = shown.isEmpty || shown.contains { $0.width > columns }
        var bytes = Self.begin + toTop(columns)
        if isWhole, !shown.isEmpty { bytes += Self.eraseBelow }
        for (number, line) in lines.enumerated() {
            if number > 0 { bytes += "\r\n" }
            if isWhole {
                bytes += line.text
            } else if number >= shown.count || shown[number].text != line.text {
                bytes += line.text + Self.eraseRight
            }
        }
        if lines.count < shown.count { bytes += "\r\n" + Self.eraseBelow + "\u{1B}[A" }
        shown = lines
        return bytes + "\r" + Self.end
    }

    /// Takes the lines away.
    mutating func erase(_ columns: Int) -> String {
        guard !shown.isEmpty else { return "" }
        let bytes = Self.begin + toTop(columns) + Self.eraseBelow + Self.end
        shown = []
        return bytes
    }

    /// Something else was written behind them: they stay, and the next ones are shown anew.
    mutating func abandon() { shown = [] }

    /// To the beginning of the first line. What does not fit any more in a line was wrapped by the terminal.
    private func toTop(_ columns: Int) -> String {
        let rows = shown.dropLast().reduce(0) { $0 + max(1, ($1.width + columns - 1) / max(1, columns)) }
        return "\r" + (rows > 0 ? "\u{1B}[\(rows)A" : "")
    }
}
