// Row ends of the binary format.

import CopyModel
import Testing

/// Writes the binary format, and remembers where its messages end.
private struct BinaryStream {
    var bytes: [UInt8] = []
    var ends: [Int] = []

    static func number(_ value: Int, bytes: Int) -> [UInt8] {
        (0..<bytes).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    init(extension: [UInt8] = []) {
        bytes = Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0] + Self.number(0, bytes: 4)
        bytes += Self.number(`extension`.count, bytes: 4) + `extension`
    }

    mutating func tuple(_ fields: [[UInt8]?]) {
        bytes += Self.number(fields.count, bytes: 2)
        for field in fields { bytes += Self.number(field?.count ?? -1, bytes: 4) + (field ?? []) }
        ends.append(bytes.count)
    }

    mutating func trailer() {
        bytes += [0xff, 0xff]
        ends.append(bytes.count)
    }

    func expectEverywhere(_ comment: String = "") {
        let rows = Rows(ends: ends, endsInside: false)
        #expect(scan(bytes, .binary) == rows, "\(comment)")
        #expect(scanBytes(bytes, .binary) == rows, "\(comment)")
        for cut in 0...bytes.count {
            #expect(scan(bytes, .binary, cutAt: cut) == rows, "\(comment) cut at \(cut)")
            #expect(count(bytes, .binary, in: [0..<cut, cut..<bytes.count]) == ends.count, "\(comment) cut at \(cut)")
        }
    }
}

struct BinaryRowsTests {
    @Test func `a header and a trailer are one message`() {
        var stream = BinaryStream()
        stream.trailer()
        #expect(stream.ends == [21])
        stream.expectEverywhere()
    }

    @Test func `the header comes with the first row and the trailer is a message of its own`() {
        var stream = BinaryStream()
        stream.tuple([[1, 2, 3, 4]])
        stream.tuple([[5]])
        stream.trailer()
        #expect(stream.ends.count == 3)
        stream.expectEverywhere()
    }

    @Test func `a header's extension is passed over`() {
        var stream = BinaryStream(extension: [0xff, 0xff, 0, 1, 0])
        stream.tuple([[7]])
        stream.trailer()
        stream.expectEverywhere()
    }

    @Test func `tuples without fields are rows`() {
        var stream = BinaryStream()
        for _ in 0..<10 { stream.tuple([]) }
        stream.trailer()
        #expect(stream.ends.count == 11)
        stream.expectEverywhere()
    }

    @Test func `null and empty fields have no bytes`() {
        var stream = BinaryStream()
        stream.tuple([nil])
        stream.tuple([[]])
        stream.tuple([nil, [], nil])
        stream.tuple([[1], nil])
        stream.tuple([nil, [1]])
        stream.tuple([[], [0xff, 0xff]])
        stream.trailer()
        stream.expectEverywhere()
    }

    @Test func `fields that look like trailers are none`() {
        var stream = BinaryStream()
        stream.tuple([[0xff, 0xff], [0xff, 0xff, 0xff, 0xff]])
        stream.tuple([[0xff]])
        stream.trailer()
        stream.expectEverywhere()
    }

    @Test func `a row is not ended before its last byte`() {
        var stream = BinaryStream()
        stream.tuple([[1, 2], [3]])
        stream.bytes.removeLast()
        stream.ends = []
        stream.expectEverywhere()
    }

    @Test func `more than 255 fields and long fields are counted right`() {
        var stream = BinaryStream()
        stream.tuple(Array(repeating: nil, count: 300))
        stream.tuple([Array(repeating: 0xff, count: 70_000)])
        stream.tuple([])
        stream.trailer()
        #expect(scan(stream.bytes, .binary) == Rows(ends: stream.ends))
        #expect(scanBytes(stream.bytes, .binary) == Rows(ends: stream.ends))
    }

    @Test func `bytes behind the trailer are a fault`() {
        var stream = BinaryStream()
        stream.tuple([[1]])
        stream.trailer()
        for cut in 0...stream.bytes.count {
            let rows = scan(stream.bytes + [0, 0, 0xff, 0xff, 0, 0], .binary, cutAt: cut)
            #expect(rows == Rows(ends: stream.ends, fault: .behindTrailer), "cut at \(cut)")
        }
    }

    @Test(arguments: 1...100) func `random streams are found again at every cut`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var stream = BinaryStream(extension: random.bytes(of: [0, 0xff], upTo: 3))
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            let fields = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                Bool.random(using: &random) ? nil : random.bytes(of: [0, 1, 0xff], upTo: 5)
            }
            stream.tuple(fields)
        }
        if Bool.random(using: &random) { stream.trailer() }
        stream.expectEverywhere("seed \(seed)")
    }
}
