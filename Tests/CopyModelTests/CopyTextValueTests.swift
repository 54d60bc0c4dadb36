// Values in lines of text.

import CopyModel
import Testing

@Suite struct `A value in COPY's text form` {
    @Test func `has its control characters and backslashes escaped`() {
        var line: [UInt8] = []
        CopyTextValue.append("a\tb\nc\rd\\e\u{8}\u{B}\u{C}é\u{1}", to: &line)
        #expect(String(decoding: line, as: UTF8.self) == #"a\tb\nc\rd\\e\b\v\fé"# + "\u{1}")
        var same: [UInt8] = []
        embedded(Array("a\tb\nc\rd\\e\u{8}\u{B}\u{C}é\u{1}".utf8)) { CopyTextValue.append($0, to: &same) }
        #expect(same == line)
    }

    @Test func `is told apart from NULL and from nothing`() {
        var line: [UInt8] = []
        CopyTextValue.append(nil as RawSpan?, to: &line)
        CopyTextValue.append("", to: &line)
        CopyTextValue.append("\\N", to: &line)
        #expect(String(decoding: line, as: UTF8.self) == #"\N\\N"#)
    }
}
