// Role: a terminal as a person sees it, for what a program writes to it.

/// The part of a terminal (ECMA-48, as xterm and VTE do it) that a program of lines needs. What it does not know is an error,
/// noted in `unknown`.
public struct Screen: Sendable {
    private struct Row: Sendable {
        /// A character a column; nil: free, or the second half of a wide one.
        var cells: [Character?] = []
        /// The rendition of each, as SGR asked for it.
        var styles: [String] = []
        /// It goes on in the next row.
        var wraps = false
    }

    /// Its size, across.
    public private(set) var columns: Int
    /// Its size, downwards.
    public private(set) var rows: Int
    /// All rows, those that have scrolled away first.
    private var all: [Row]
    private var top = 0
    /// Where the cursor stands, downwards, from 0 on.
    public private(set) var row = 0
    /// Where the cursor stands, across, from 0 on.
    public private(set) var column = 0
    /// The next character goes to the next row.
    private var isAtEnd = false
    /// Whether the cursor is to be seen.
    public private(set) var showsCursor = true
    /// What was shown beside the text last (OSC 9;4), as `1;40`.
    public private(set) var progress = ""
    /// Renditions that were asked for (SGR), in their order.
    public private(set) var renditions: [String] = []
    private var rendition = ""
    /// What it does not know.
    public private(set) var unknown: [String] = []
    private var rest: [Unicode.Scalar] = []
    private let width: @Sendable (Unicode.Scalar) -> Int

    /// An empty one. `width` gives the columns of a character, which is 1 for most.
    public init(columns: Int, rows: Int, width: @escaping @Sendable (Unicode.Scalar) -> Int = Screen.usualWidth) {
        self.columns = columns
        self.rows = rows
        self.width = width
        all = Array(repeating: Row(), count: rows)
    }

    /// 0 for combining characters, 2 for those of East Asia.
    public static func usualWidth(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        case 0x300...0x36F, 0x200B...0x200F: 0
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0x1F300...0x1FAFF:
            2
        default: 1
        }
    }

    /// The rows that are to be seen, without spaces at their ends; rows without text at the end are left out.
    public var lines: [String] { Self.trimmed(all[top...].prefix(rows)) }

    /// Those that have scrolled away, too.
    public var history: [String] { Self.trimmed(all[...]) }

    /// The rows that are to be seen, cut where their rendition changes.
    public var styled: [[(text: String, rendition: String)]] {
        zip(lines, all[top...]).map { line, row in
            var pieces: [(text: String, rendition: String)] = []
            var column = 0
            for character in line {
                let rendition = row.styles.indices.contains(column) ? row.styles[column] : ""
                if pieces.last?.rendition == rendition {
                    pieces[pieces.count - 1].text.append(character)
                } else {
                    pieces.append((String(character), rendition))
                }
                column += max(1, character.unicodeScalars.first.map(width) ?? 1)
            }
            return pieces
        }
    }

    /// The lines as one text, each ended.
    public var text: String { lines.map { $0 + "\n" }.joined() }

    private static func trimmed(_ rows: ArraySlice<Row>) -> [String] {
        var lines = rows.map { row in
            var cells = row.cells[...]
            while let last = cells.last, last == nil || last == " " { cells.removeLast() }
            var (line, skips) = ("", false)
            for cell in cells {
                if let cell {
                    line.append(cell)
                    skips = cell.unicodeScalars.first.map { usualWidth($0) == 2 } ?? false
                } else if skips {
                    skips = false
                } else {
                    line.append(" ")
                }
            }
            return line
        }
        while lines.last?.isEmpty ?? false { lines.removeLast() }
        return lines
    }

    /// Takes what a program wrote.
    public mutating func feed(_ text: String) {
        var scalars = (rest + Array(text.unicodeScalars))[...]
        while let scalar = scalars.first {
            switch scalar {
            case "\r": (column, isAtEnd) = (0, false)
            case "\n": lineFeed()
            case "\u{8}": column = max(0, column - 1)
            case "\u{7}": break
            case "\t": column = min(columns - 1, (column / 8 + 1) * 8)
            case "\u{1B}":
                guard let length = escape(scalars) else {
                    rest = Array(scalars)
                    return
                }
                scalars = scalars.dropFirst(length)
                continue
            default:
                if scalar.value < 0x20 { unknown.append(scalar.escaped(asASCII: true)) } else { put(scalar) }
            }
            scalars = scalars.dropFirst()
        }
        rest = []
    }

    private mutating func put(_ scalar: Unicode.Scalar) {
        let width = width(scalar)
        if width == 0 {
            guard column > 0, let before = all[top + row].cells[column - 1] else { return }
            all[top + row].cells[column - 1] = Character(String(before) + String(scalar))
            return
        }
        if isAtEnd || column + width > columns {
            all[top + row].wraps = true
            column = 0
            isAtEnd = false
            lineFeed()
        }
        set(Character(scalar), at: column)
        if width == 2 { set(nil, at: column + 1) }
        column += width
        if column >= columns { (column, isAtEnd) = (columns - 1, true) }
    }

    private mutating func set(_ character: Character?, at column: Int) {
        while all[top + row].cells.count <= column {
            all[top + row].cells.append(nil)
            all[top + row].styles.append("")
        }
        all[top + row].cells[column] = character
        all[top + row].styles[column] = rendition
    }

    private mutating func lineFeed() {
        isAtEnd = false
        if row < rows - 1 {
            row += 1
        } else {
            all.append(Row())
            top += 1
        }
    }

    /// How long the sequence is at whose beginning we are; nil: it is not whole yet.
    private mutating func escape(_ scalars: ArraySlice<Unicode.Scalar>) -> Int? {
        guard scalars.count > 1 else { return nil }
        let text = Array(scalars.dropFirst())
        switch text[0] {
        case "[":
            guard let end = text.dropFirst().firstIndex(where: { (0x40...0x7E).contains($0.value) }) else { return nil }
            control(String(String.UnicodeScalarView(text[1..<end])), text[end])
            return end + 2
        case "]":
            guard
                let end = text.indices.first(where: {
                    text[$0] == "\u{7}" || text[$0] == "\\" && text[$0 - 1] == "\u{1B}"
                })
            else { return nil }
            let command = String(String.UnicodeScalarView(text[1..<end])).split(separator: "\u{1B}").first ?? ""
            if command.hasPrefix("9;4;") {
                progress = String(command.dropFirst(4))
            } else {
                unknown.append(String(command))
            }
            return end + 2
        default:
            unknown.append(String(text[0]))
            return 2
        }
    }

    private mutating func control(_ parameters: String, _ final: Unicode.Scalar) {
        let number = Int(parameters)
        switch (parameters, final) {
        case (_, "A"): (row, isAtEnd) = (max(0, row - (number ?? 1)), false)
        case (_, "B"): (row, isAtEnd) = (min(rows - 1, row + (number ?? 1)), false)
        case ("", "J"), ("0", "J"):
            cut()
            for row in (top + row + 1)..<max(top + row + 1, all.count) { all[row] = Row() }
        case ("", "K"), ("0", "K"): cut()
        case (_, "m"):
            renditions.append(parameters)
            rendition = parameters == "0" ? "" : parameters
        case ("?25", "h"): showsCursor = true
        case ("?25", "l"): showsCursor = false
        case ("?2026", "h"), ("?2026", "l"): break
        default: unknown.append("CSI \(parameters)\(final)")
        }
    }

    private mutating func cut() {
        let from = isAtEnd ? columns - 1 : column
        if all[top + row].cells.count > from {
            all[top + row].cells.removeSubrange(from...)
            all[top + row].styles.removeSubrange(from...)
        }
        all[top + row].wraps = false
    }

    /// Another size: lines that were wrapped are wrapped anew.
    public mutating func resize(columns: Int, rows: Int) {
        // Whole lines, and where the cursor is among them.
        var texts: [[Character?]] = []
        var cursor = (line: 0, offset: 0)
        var current: [Character?] = []
        var isOpen = false
        for (number, content) in all.enumerated() {
            if number == top + row { cursor = (texts.count, current.count + column) }
            current +=
                content.wraps
                ? content.cells + Array(repeating: nil, count: max(0, self.columns - content.cells.count))
                : content.cells
            isOpen = content.wraps
            if !isOpen {
                texts.append(current)
                current = []
            }
        }
        if isOpen { texts.append(current) }
        // What stands below the cursor and holds nothing is no line.
        while texts.count > cursor.line + 1, texts.last?.allSatisfy({ $0 == nil }) ?? false { texts.removeLast() }
        self.columns = columns
        self.rows = rows
        all = []
        var place = 0
        for (number, text) in texts.enumerated() {
            let start = all.count
            var left = text[...]
            repeat {
                let piece = Array(left.prefix(columns))
                left = left.dropFirst(columns)
                all.append(Row(cells: piece, styles: piece.map { _ in "" }, wraps: !left.isEmpty))
            } while !left.isEmpty
            if number == cursor.line {
                place = min(start + cursor.offset / columns, all.count - 1)
                column = min(columns - 1, cursor.offset % columns)
            }
        }
        top = max(0, place - rows + 1)
        row = place - top
        isAtEnd = false
        while all.count < top + rows { all.append(Row()) }
        if all.count > top + rows { all.removeLast(all.count - top - rows) }
    }
}
