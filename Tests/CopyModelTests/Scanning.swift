// Runs a scanner over a stream in pieces.

import CopyModel
import Testing

/// What a scanner finds in a stream shown in these pieces; each lies inside a larger buffer.
func scan(_ stream: [UInt8], _ layout: RowLayout, in pieces: [Range<Int>]) -> Rows {
    var scanner = RowScanner(layout)
    var rows = Rows()
    for piece in pieces {
        rows.ends += embedded(stream[piece]) { bytes in
            var ends: [Int] = []
            var offset = 0
            while let end = scanner.nextEnd(in: bytes, from: offset) {
                ends.append(piece.lowerBound + end)
                offset = end
                if ends.count > stream.count + 1 { break }
            }
            return ends
        }
    }
    rows.endsInside = scanner.endsInsideRow
    rows.fault = scanner.fault
    return rows
}

/// What a scanner finds in a stream shown at once.
func scan(_ stream: [UInt8], _ layout: RowLayout) -> Rows { scan(stream, layout, in: [0..<stream.count]) }

/// What a scanner finds when the stream is cut in two.
func scan(_ stream: [UInt8], _ layout: RowLayout, cutAt cut: Int) -> Rows {
    scan(stream, layout, in: [0..<cut, cut..<stream.count])
}

/// What a scanner finds when it is shown single bytes.
func scanBytes(_ stream: [UInt8], _ layout: RowLayout) -> Rows {
    scan(stream, layout, in: stream.indices.map { $0..<($0 + 1) })
}

/// What is left at the end of a stream; the same when it is shown byte by byte.
func restOf(_ stream: String, _ layout: RowLayout) -> RowScanner.Rest {
    var whole = RowScanner(layout)
    var cut = RowScanner(layout)
    let bytes = Array(stream.utf8)
    _ = embedded(bytes[...]) { whole.count($0) }
    for index in bytes.indices { _ = embedded(bytes[index...index]) { cut.count($0) } }
    #expect(whole.rest == cut.rest)
    return whole.rest
}

/// How many rows `count` tells for these pieces.
func count(_ stream: [UInt8], _ layout: RowLayout, in pieces: [Range<Int>]) -> Int {
    var scanner = RowScanner(layout)
    return pieces.reduce(0) { total, piece in total + embedded(stream[piece]) { scanner.count($0) } }
}

/// A sample by hand: a stream, and where its rows end.
struct Sample: CustomTestStringConvertible, Sendable {
    let stream: [UInt8]
    let rows: [String]
    let rest: String

    /// The rows one by one as they are in the stream, then what is left without being a row that ended.
    init(_ rows: [String], rest: String = "") {
        self.rows = rows
        self.rest = rest
        stream = Array((rows.joined() + rest).utf8)
    }

    var ends: [Int] {
        var end = 0
        return rows.map { row in
            end += row.utf8.count
            return end
        }
    }

    var testDescription: String { "\(rows)" + (rest.isEmpty ? "" : " and \(rest.debugDescription)") }
}
