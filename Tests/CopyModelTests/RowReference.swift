// A second, slow and plain account of where rows end, to judge the scanners by.

import CopyModel

/// What a stream of rows holds.
struct Rows: Equatable {
    /// The offsets behind the ends of the rows that end.
    var ends: [Int] = []
    /// Whether a last row lacks its line end.
    var endsInside = false
    /// What cannot be.
    var fault: RowScanner.Fault?
}

/// Reads a whole stream as a list of symbols, then as lines, with everything in sight.
enum RowReference {
    /// A byte, or an escaped pair, and whether it may end a line.
    struct Symbol {
        var bytes: [UInt8]
        var bare: Bool

        func isBare(_ character: Character) -> Bool { bare && bytes == [character.asciiValue!] }
    }

    static func text(_ stream: [UInt8]) -> Rows {
        var symbols: [Symbol] = []
        var index = 0
        while index < stream.count {
            let escaped = stream[index] == UInt8(ascii: "\\")
            let bytes = Array(stream[index..<min(stream.count, index + (escaped ? 2 : 1))])
            symbols.append(Symbol(bytes: bytes, bare: !escaped))
            index += bytes.count
        }
        return lines(symbols, isText: true)
    }

    static func csv(_ stream: [UInt8], quote: UInt8, escape: UInt8) -> Rows {
        var symbols: [Symbol] = []
        var quoted = false
        var index = 0
        while index < stream.count {
            let pair = Array(stream[index..<min(stream.count, index + 2)])
            if quoted, pair == [escape, quote] || (escape != quote && pair == [escape, escape]) {
                symbols.append(Symbol(bytes: pair, bare: false))
            } else {
                if pair[0] == quote { quoted.toggle() }
                symbols.append(Symbol(bytes: [pair[0]], bare: !quoted && pair[0] != quote))
            }
            index += symbols.last!.bytes.count
        }
        return lines(symbols, isText: false)
    }

    private static func lines(_ symbols: [Symbol], isText: Bool) -> Rows {
        let marker = Array("\\.".utf8)
        let markers = [marker, marker + Array("\r".utf8)]
        var rows = Rows()
        let first = symbols.firstIndex { $0.isBare("\n") || $0.isBare("\r") }
        let byReturn = first.map { symbols[$0].isBare("\r") && !follows($0, symbols) } ?? false
        var line: [UInt8] = []
        var offset = 0
        var index = 0
        while index < symbols.count {
            let symbol = symbols[index]
            offset += symbol.bytes.count
            var isEnd = byReturn ? symbol.isBare("\r") : symbol.isBare("\n")
            if index == first, symbol.isBare("\r") {
                // Nothing behind it: whether it is half of a pair is not known yet.
                if index == symbols.count - 1 {
                    rows.endsInside = !markers.contains(line)
                    return rows
                }
                if !byReturn {
                    index += 1
                    offset += 1
                    isEnd = true
                }
            }
            index += 1
            guard isEnd else {
                let isMarker = symbol.bytes == marker
                let breaks = isMarker ? !line.isEmpty : markers.contains(line) && line + symbol.bytes != markers[1]
                if isText, breaks {
                    rows.fault = .markerNotAlone
                    return rows
                }
                line += symbol.bytes
                continue
            }
            if markers.contains(line) {
                let isBlank = symbols[index...].allSatisfy { $0.bytes == [10] || $0.bytes == [13] }
                rows.fault = isBlank ? nil : .behindMarker
                return rows
            }
            rows.ends.append(offset)
            line = []
        }
        rows.endsInside = !line.isEmpty && !(isText && markers.contains(line))
        return rows
    }

    private static func follows(_ index: Int, _ symbols: [Symbol]) -> Bool {
        index + 1 < symbols.count && symbols[index + 1].bytes == [UInt8(ascii: "\n")]
    }
}
