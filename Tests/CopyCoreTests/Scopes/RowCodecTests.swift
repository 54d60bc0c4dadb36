// Rows of the text and binary formats: exact bytes, and both ways.

import CopyCore
import Testing

struct RowCodecTests {
    @Test func `every byte that needs an escape has its own`() {
        let value = "\u{8}\t\n\u{B}\u{C}\r\\"
        #expect(String(decoding: TextRow.encode([value]), as: UTF8.self) == "\\b\\t\\n\\v\\f\\r\\\\\n")
    }

    @Test func `null is told from its letters and from nothing`() throws {
        let row: [String?] = [nil, "", "\\N", "N", nil]
        #expect(String(decoding: TextRow.encode(row), as: UTF8.self) == "\\N\t\t\\\\N\tN\t\\N\n")
        #expect(try TextRow.decode(TextRow.encode(row)) == row)
    }

    @Test(arguments: [
        [nil], [""], ["a"], ["", ""], [nil, nil], ["\\", "\\.", "a\\"], ["a\tb", "c\nd", "e\rf"], ["€", "\u{1F600}"],
    ])
    func `a row comes back as it was`(row: [String?]) throws {
        #expect(try TextRow.decode(TextRow.encode(row)) == row)
    }

    @Test(arguments: [
        ("a\\101b", "aAb"), ("\\x41\\x4a\\x4A", "AJJ"), ("\\1018", "A8"), ("\\x4z", "\u{4}z"), ("\\xg", "xg"),
        ("\\q", "q"),
        ("\\.", "."), ("\\N\\N", "NN"), ("a\\N", "aN"),
    ])
    func `escapes no server writes are read as it reads them`(line: String, value: String) throws {
        #expect(try TextRow.decode(Array(line.utf8)) == [value])
    }

    @Test func `a backslash at the end escapes nothing`() {
        #expect(throws: TextRow.Malformation.danglingBackslash) { try TextRow.decode(Array("a\\".utf8)) }
    }

    @Test func `a line end is none of the value, and bytes that are no text are kept`() throws {
        #expect(try TextRow.decodeBytes([0x61, 0x09, 0xFF, 0x0A]) == [[0x61], [0xFF]])
        #expect(try TextRow.decodeBytes([0x61]) == [[0x61]])
    }

    @Test func `a binary row is a count, then a length and bytes each`() throws {
        var bytes: [UInt8] = []
        try BinaryRow.append([[1, 2], nil, []], to: &bytes)
        #expect(bytes == [0, 3, 0, 0, 0, 2, 1, 2, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0])
        #expect(try BinaryRow.decode(bytes) == .row([[1, 2], nil, []]))
        #expect(try BinaryRow.decode(BinaryRow.header + bytes) == .row([[1, 2], nil, []]))
        #expect(try BinaryRow.decode(BinaryRow.trailer) == .trailer)
        #expect(try BinaryRow.decode(BinaryRow.header + BinaryRow.trailer) == .trailer)
        #expect(BinaryRow.header.count == 19)
    }

    @Test func `a binary row cut anywhere is refused, and one that goes on too`() throws {
        var bytes = BinaryRow.header
        try BinaryRow.append([[1, 2, 3], nil], to: &bytes)
        for count in 0..<bytes.count {
            #expect(throws: BinaryRow.Malformation.cut) { try BinaryRow.decode(Array(bytes.prefix(count))) }
        }
        #expect(throws: BinaryRow.Malformation.excess) { try BinaryRow.decode(bytes + [0]) }
    }

    @Test func `a row of too many fields adds nothing`() {
        var bytes: [UInt8] = [7]
        #expect(throws: BinaryRow.Malformation.tooLarge) {
            try BinaryRow.append(Array(repeating: nil, count: 32_768), to: &bytes)
        }
        #expect(bytes == [7])
    }
}
