// Values of which rows in text format are made one by one.

import CopyModel
import Testing

@Suite struct `A value in COPY's text form` {
    @Test func `is the same from bytes and from text`() {
        let value = "a\tb\nc\rd\\e\u{8}\u{B}\u{C}é\u{1}"
        var line: [UInt8] = []
        TextRow.append(value: value, to: &line)
        #expect(String(decoding: line, as: UTF8.self) == #"a\tb\nc\rd\\e\b\v\fé"# + "\u{1}")
        var same: [UInt8] = []
        embedded(Array(value.utf8)[...]) { TextRow.append(value: $0, to: &same) }
        #expect(same == line)
    }

    @Test func `is told apart from NULL and from nothing`() {
        var line: [UInt8] = []
        TextRow.append(value: nil, to: &line)
        TextRow.append(value: "", to: &line)
        TextRow.append(value: "\\N", to: &line)
        #expect(String(decoding: line, as: UTF8.self) == #"\N\\N"#)
    }
}
