// Rows under each other, as psql draws them; pure.

internal import CopyCore

/// A table of rows. Widths are those of the rows that it has when it is first written; what comes later and is wider sticks out.
struct RowTable {
    /// A column's head, and whether its values end under each other.
    struct Column {
        let name: [UInt8]
        let isNumeric: Bool
    }

    private let head: [TableCell]
    private let isNumeric: [Bool]
    private var widths: [Int]
    /// Rows that wait for the widths.
    private var waiting: [[TableCell]] = []
    /// About the bytes of those.
    private(set) var size = 0
    private var count = 0
    /// It was written, all that comes goes out at once.
    private(set) var isFlowing = false

    init(_ columns: [Column]) {
        head = columns.map { TableCell($0.name) }
        isNumeric = columns.map(\.isNumeric)
        widths = head.map(\.width)
    }

    /// Adds a row, nil for NULL.
    mutating func add(_ values: [[UInt8]?], to bytes: inout [UInt8]) {
        count += 1
        let row = values.map { TableCell($0 ?? []) }
        if isFlowing { return write(row, to: &bytes) }
        for (index, cell) in row.enumerated() { widths[index] = max(widths[index], cell.width) }
        size += row.reduce(64) { $0 + $1.size }
        waiting.append(row)
    }

    /// Writes the head and what waits; what comes then is written at once.
    mutating func flow(to bytes: inout [UInt8]) {
        guard !isFlowing else { return }
        isFlowing = true
        writeHead(to: &bytes)
        for row in waiting { write(row, to: &bytes) }
        waiting = []
        size = 0
    }

    /// Writes the rest, and how many rows there were.
    /// - Parameter isWhole: false where the result failed on its way.
    mutating func end(isWhole: Bool, to bytes: inout [UInt8]) {
        flow(to: &bytes)
        if isWhole { bytes += "(\(count) row\(count == 1 ? "" : "s"))\n".utf8 }
        bytes.append(Self.lineFeed)
    }

    /// Writes the head, in front of the first row or of those behind what stood between.
    func writeHead(to bytes: inout [UInt8]) {
        for line in 0..<(head.map(\.lines.count).max() ?? 0) {
            for (column, cell) in head.enumerated() {
                let text = line < cell.lines.count ? cell.lines[line] : TableCell.Line()
                let space = widths[column] - text.width
                bytes.append(column == 0 ? Self.space : Self.bar)
                if column > 0 { bytes.append(Self.space) }
                pad(space / 2, &bytes)
                bytes += text.bytes
                pad(space - space / 2, &bytes)
                bytes.append(line + 1 < cell.lines.count ? Self.plus : Self.space)
            }
            bytes.append(Self.lineFeed)
        }
        for (column, width) in widths.enumerated() {
            if column > 0 { bytes.append(Self.plus) }
            bytes += repeatElement(Self.dash, count: width + 2)
        }
        if widths.isEmpty { bytes += [Self.dash, Self.dash] }
        bytes.append(Self.lineFeed)
    }

    private func write(_ row: [TableCell], to bytes: inout [UInt8]) {
        for line in 0..<(row.map(\.lines.count).max() ?? 0) {
            for (column, cell) in row.enumerated() {
                let text = line < cell.lines.count ? cell.lines[line] : TableCell.Line()
                let space = max(0, widths[column] - text.width)
                let goesOn = line + 1 < cell.lines.count
                let isLast = column == row.count - 1
                if column > 0 { bytes.append(Self.bar) }
                bytes.append(Self.space)
                if isNumeric[column] { pad(space, &bytes) }
                bytes += text.bytes
                if !isNumeric[column], !isLast || goesOn { pad(space, &bytes) }
                if goesOn { bytes.append(Self.plus) } else if !isLast { bytes.append(Self.space) }
            }
            bytes.append(Self.lineFeed)
        }
    }

    private func pad(_ count: Int, _ bytes: inout [UInt8]) {
        if count > 0 { bytes += repeatElement(Self.space, count: count) }
    }

    private static let space = UInt8(ascii: " ")
    private static let bar = UInt8(ascii: "|")
    private static let plus = UInt8(ascii: "+")
    private static let dash = UInt8(ascii: "-")
    private static let lineFeed = UInt8(ascii: "\n")
}
