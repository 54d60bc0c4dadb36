// Row ends of the CSV format.

import CopyModel
import Testing

struct CSVRowsTests {
    static let quote = UInt8(ascii: "\"")

    static let byQuote = [
        Sample([]),
        Sample(["1,one\n", "2,two\n"]),
        Sample(["\n", "\n"]),
        Sample(["1\r\n", "2\r\n"]),
        Sample(["1\r", "2\r"]),
        // Line ends between quotes belong to a value, and do not decide what ends a line.
        Sample(["1,\"a\nb\"\n", "2\n"]),
        Sample(["1,\"a\r\nb\"\n", "2\n"]),
        Sample(["\"\r\",1\n", "2\n"]),
        Sample(["\"\n\"\r\n", "\"\r\n\"\r\n"]),
        // A doubled quote is a quote of the value.
        Sample(["\"a\"\"\nb\"\n", "2\n"]),
        Sample(["\"\"\n", "\"\"\"\"\n", "\"\"\"\n\"\n"]),
        // Quotes in the middle of a value.
        Sample(["a\"\n\"b\n", "c\n"]),
        // Near the end marker.
        Sample(["\\.x\n", "\"\\.\"\n", "x\\.\n", "\\..\n", " \\.\n", ".\n"]),
        Sample(["\"x\n\\.\ny\"\n", "2\n"]),
        // The end marker, and blank lines behind it.
        Sample(["1\n"], rest: "\\.\n"),
        Sample(["1\r\n"], rest: "\\.\r\n\r\n"),
        Sample(["1\n"], rest: "\\.\r\n\n"),
        Sample([], rest: "\\.\n"),
        // A backslash means nothing here.
        Sample(["a\\\n", "\"\\\"\n", "b\n"]),
    ]

    static let byBackslash = [
        Sample(["\"a\\\"\n\"\n", "2\n"]),
        Sample(["\"a\\\\\"\n", "2\n"]),
        Sample(["\"a\\\\\\\"\n\"\n", "2\n"]),
        // Outside of quotes the escape is a byte as any.
        Sample(["a\\\n", "\\\"\n\"\n"]),
        // Before other bytes it is a byte as any.
        Sample(["\"\\x\"\n", "\"\\\n\"\n"]),
        // A doubled quote closes and opens again.
        Sample(["\"a\"\"\nb\"\n", "2\n"]),
    ]

    static func expectEverywhere(_ sample: Sample, _ layout: RowLayout, inside: Bool = false) {
        let rows = Rows(ends: sample.ends, endsInside: inside)
        #expect(scan(sample.stream, layout) == rows)
        #expect(scanBytes(sample.stream, layout) == rows)
        for cut in 0...sample.stream.count {
            #expect(scan(sample.stream, layout, cutAt: cut) == rows, "cut at \(cut)")
            let counted = count(sample.stream, layout, in: [0..<cut, cut..<sample.stream.count])
            #expect(counted == sample.rows.count, "cut at \(cut)")
        }
    }

    @Test(arguments: byQuote) func `rows end outside of quotes at every cut`(_ sample: Sample) {
        Self.expectEverywhere(sample, .csv)
    }

    @Test(arguments: byBackslash) func `an escape of its own keeps a quote in the value`(_ sample: Sample) {
        Self.expectEverywhere(sample, .csv(quote: Self.quote, escape: UInt8(ascii: "\\")))
    }

    @Test func `another quote character is the one that counts`() {
        let layout = RowLayout.csv(quote: UInt8(ascii: "'"), escape: UInt8(ascii: "'"))
        Self.expectEverywhere(Sample(["'\n\"'\n", "\"\n", "'it''s\n'\n"]), layout)
    }

    @Test(arguments: [
        Sample(["1\n"], rest: "2"),
        Sample(["1\n"], rest: "\\."),
        Sample(["1\n"], rest: "\"a\n"),
        Sample(["1\n"], rest: "\"a\""),
        Sample(["1\r\n"], rest: "\"\r\n\""),
        Sample([], rest: "x\r"),
        Sample([], rest: "\r"),
    ])
    func `a last line without its end is inside a row`(_ sample: Sample) {
        Self.expectEverywhere(sample, .csv, inside: true)
    }

    @Test(arguments: ["\\.\n2\n", "\\.\n\n,\n", "\\.\n\"\n\"\n", "\\.\r\n2\n"])
    func `nothing follows the end marker`(_ rest: String) {
        let stream = Array(("1\n" + rest).utf8)
        for cut in 0...stream.count {
            let rows = scan(stream, .csv, cutAt: cut)
            #expect(rows.fault == .behindMarker && rows.ends == [2], "cut at \(cut)")
        }
    }

    static let rests: [(String, RowScanner.Rest)] = [
        ("", .nothing), ("1\n", .nothing), ("1\r", .row), ("1\r\n2\r", .partOfRow), ("1\n2,", .partOfRow),
        ("\"a\"", .partOfRow), ("\"a", .quotes), ("\"a\n", .quotes), ("\"a\"\"", .quotes), ("1\n\\.", .partOfRow),
        ("1\n\\.\n", .nothing), ("\\.\r", .markerLine), ("1\r\\.\r", .nothing),
    ]

    @Test(arguments: rests) func `what is left at the end is told`(_ stream: String, _ rest: RowScanner.Rest) {
        #expect(restOf(stream, .csv) == rest)
    }

    @Test(arguments: 1...300) func `random streams agree with the reference however they are cut`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let escape = UInt8(ascii: ["\"", "\\"].randomElement(using: &random)!)
        let layout = RowLayout.csv(quote: Self.quote, escape: escape)
        let alphabets = ["a,\n", "a\"\n", "a\"\\\n", "\"\r\n\\", "aaa\"\r", "\\.\n\n", "\\.\r\n\"", "abcdefg\"\n"]
        let stream = random.bytes(of: Array(alphabets.randomElement(using: &random)!.utf8), upTo: 60)
        let rows = RowReference.csv(stream, quote: Self.quote, escape: escape)
        #expect(scan(stream, layout) == rows, "seed \(seed): \(stream)")
        #expect(scanBytes(stream, layout) == rows, "seed \(seed): \(stream)")
        for _ in 0..<3 {
            let pieces = random.pieces(of: stream.count, upTo: 9)
            #expect(scan(stream, layout, in: pieces) == rows, "seed \(seed): \(stream) in \(pieces)")
            #expect(count(stream, layout, in: pieces) == rows.ends.count, "seed \(seed): \(stream) in \(pieces)")
        }
    }
}
