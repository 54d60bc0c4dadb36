// Values of a line of csv and of text under other delimiters.

import CopyModel
import Testing

struct CSVRowTests {
    private func values(
        _ line: String, delimiter: Character = ",", quote: Character = "\"", escape: Character = "\""
    ) -> [String] {
        CSVRow.decodeBytes(
            Array(line.utf8), delimiter: delimiter.asciiValue!, quote: quote.asciiValue!, escape: escape.asciiValue!
        ).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `values are taken apart and quotes off`() {
        #expect(values("a,b\n") == ["a", "b"])
        #expect(values("a,b\r\n") == ["a", "b"])
        #expect(values("a\r") == ["a"])
        #expect(values("") == [""])
        #expect(values(",\n") == ["", ""])
        #expect(values("\"a,b\",\"c\nd\"\n") == ["a,b", "c\nd"])
        #expect(values("\"say \"\"no\"\"\",x\"y,z\"\n") == ["say \"no\"", "xy,z"])
        #expect(values("a b;'c;d'\n", delimiter: ";", quote: "'") == ["a b", "c;d"])
        #expect(values("\"a\\\"b\\\\\",c\\d\n", escape: "\\") == ["a\"b\\", "c\\d"])
    }

    @Test func `text has other delimiters, too`() throws {
        let values = try TextRow.decodeBytes(Array("a|b\tc|\\N|d\\|e\n".utf8), delimiter: UInt8(ascii: "|"))
        #expect(values.map { $0.map { String(decoding: $0, as: UTF8.self) } } == ["a", "b\tc", nil, "d|e"])
    }
}
