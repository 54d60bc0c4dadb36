// Bars, of one line each.

/// Draws numbers by the height or length of characters.
enum Sparkline {
    private static let blocks: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
    private static let ascii: [Character] = ["_", ".", ",", "-", "~", "=", "+", "#"]

    /// The last values, a character each; the newest on the right.
    /// - Parameter most: what is the highest of them all.
    static func of(_ values: [Double], most: Double, columns: Int, isUnicode: Bool) -> String {
        let levels = isUnicode ? blocks : ascii
        let shown = values.suffix(columns).map { value in
            levels[most > 0 ? min(levels.count - 1, Int(value / most * Double(levels.count))) : 0]
        }
        return String(repeating: " ", count: columns - shown.count) + String(shown)
    }

    /// How far it is, from 0 to 1.
    static func bar(_ fraction: Double, columns: Int, isUnicode: Bool, _ style: TextStyle = .good) -> StyledText {
        let halves = Int((min(1, max(0, fraction)) * Double(columns * 2)).rounded(.down))
        let full = halves / 2
        let hasHalf = halves % 2 == 1
        var bar = StyledText(
            String(repeating: isUnicode ? "━" : "=", count: full) + (hasHalf ? (isUnicode ? "╸" : "-") : ""), style)
        bar.append(String(repeating: isUnicode ? "─" : ".", count: columns - full - (hasHalf ? 1 : 0)), .dim)
        return bar
    }
}
