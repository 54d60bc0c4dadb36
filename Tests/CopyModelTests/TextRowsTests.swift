// Row ends of the text format.

import CopyModel
import Testing

struct TextRowsTests {
    /// Streams whose last row has its line end, or is followed by what is no row.
    static let whole = [
        Sample([]),
        Sample(["1\tone\n", "2\ttwo\n"]),
        Sample(["\n", "\n", "x\n"]),
        Sample(["1\r\n", "2\r\n", "\r\n"]),
        // By returns alone the last one may still be half of a pair only where it is the first.
        Sample(["1\r", "2\r", "\r"]),
        Sample(["1\r", "a\nb\r"]),
        // The first line end decides: another is data.
        Sample(["1\n", "a\rb\n"]),
        // A backslash takes a line end, and another backslash.
        Sample(["a\\\nb\n", "c\n"]),
        Sample(["a\\\\\n", "b\n"]),
        Sample(["a\\\\\\\nb\n"]),
        Sample(["a\\\rb\n", "c\n"]),
        Sample(["\\N\t\\N\n", "\\\\.\n"]),
        // The end marker, and blank lines behind it.
        Sample(["1\n"], rest: "\\.\n"),
        Sample(["1\n"], rest: "\\.\n\n\r\n\r"),
        Sample(["1\r\n"], rest: "\\.\r\n\r\n"),
        Sample(["1\r"], rest: "\\.\r\r"),
        Sample(["1\n"], rest: "\\.\r\n"),
        Sample([], rest: "\\.\n"),
        Sample([], rest: "\\.\r\n"),
        Sample(["1\n"], rest: "\\."),
        // Near the marker.
        Sample(["\\\\.\n", "2\n"]),
        Sample(["\\N\t.\n", "2\n"]),
        Sample([".\n", "\\\\\n"]),
    ]

    @Test(arguments: whole) func `rows end where the sample says`(_ sample: Sample) {
        #expect(scan(sample.stream, .text) == Rows(ends: sample.ends, endsInside: false))
    }

    @Test(arguments: whole) func `every cut gives the ends of the whole`(_ sample: Sample) {
        let rows = Rows(ends: sample.ends, endsInside: false)
        for cut in 0...sample.stream.count {
            #expect(scan(sample.stream, .text, cutAt: cut) == rows, "cut at \(cut)")
        }
        #expect(scanBytes(sample.stream, .text) == rows)
    }

    @Test(arguments: whole) func `counting agrees with the ends`(_ sample: Sample) {
        for cut in 0...sample.stream.count {
            let rows = count(sample.stream, .text, in: [0..<cut, cut..<sample.stream.count])
            #expect(rows == sample.rows.count, "cut at \(cut)")
        }
    }

    @Test(arguments: [
        Sample(["1\n"], rest: "2"),
        Sample(["1\r\n"], rest: "2"),
        Sample(["1\n"], rest: "a\\"),
        Sample(["1\n"], rest: "a\\\n"),
        Sample([], rest: "x"),
        Sample([], rest: "x\r"),
        Sample([], rest: "\r"),
        Sample(["1\n"], rest: "\\"),
    ])
    func `a last line without its end is inside a row`(_ sample: Sample) {
        for cut in 0...sample.stream.count {
            #expect(
                scan(sample.stream, .text, cutAt: cut) == Rows(ends: sample.ends, endsInside: true), "cut at \(cut)")
        }
    }

    /// What servers differ about, or drop without a word.
    static let faults: [(Sample, RowScanner.Fault)] = [
        (Sample(["1\n"], rest: "\\.\n2\n3\n"), .behindMarker), (Sample(["1\n"], rest: "\\.\n\n "), .behindMarker),
        (Sample(["1\r\n"], rest: "\\.\r\n2\r\n"), .behindMarker), (Sample(["1\r"], rest: "\\.\r2\r"), .behindMarker),
        (Sample([], rest: "\\.\n\\.\n"), .behindMarker), (Sample(["1\n"], rest: "\\.x"), .markerNotAlone),
        (Sample(["1\n"], rest: "x\\.\n2\n"), .markerNotAlone), (Sample([], rest: "a\t\\.\n"), .markerNotAlone),
        (Sample(["1\n"], rest: "\\.\r2\n"), .markerNotAlone), (Sample([], rest: "\\.\\.\n"), .markerNotAlone),
    ]

    @Test(arguments: faults) func `nothing follows the end marker`(_ sample: Sample, _ fault: RowScanner.Fault) {
        let rows = Rows(ends: sample.ends, endsInside: false, fault: fault)
        for cut in 0...sample.stream.count {
            #expect(scan(sample.stream, .text, cutAt: cut).fault == fault, "cut at \(cut)")
            #expect(scan(sample.stream, .text, cutAt: cut).ends == rows.ends, "cut at \(cut)")
        }
        #expect(scanBytes(sample.stream, .text).fault == fault)
    }

    static let rests: [(String, RowScanner.Rest)] = [
        ("", .nothing), ("1\n", .nothing), ("1\n\\.\n", .nothing), ("1\n\\.\r\n", .nothing), ("1\r", .row),
        ("\r", .row),
        ("1\r2\r", .nothing), ("1\r\n2\r", .partOfRow), ("1\n2", .partOfRow), ("1\n2\t", .partOfRow),
        ("a\\\n", .partOfRow), ("a\\\\", .partOfRow), ("a\\", .escape), ("\\", .escape), ("1\n\\.", .marker),
        ("\\.\r", .nothing),
    ]

    @Test(arguments: rests) func `what is left at the end is told`(_ stream: String, _ rest: RowScanner.Rest) {
        #expect(restOf(stream, .text) == rest)
    }

    @Test func `a return that ends the first row leaves the next row its first byte`() {
        #expect(scan(Array("1\r2\r".utf8), .text, cutAt: 2) == Rows(ends: [2, 4], endsInside: false))
    }

    @Test(arguments: 1...300) func `random streams agree with the reference however they are cut`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let alphabets = ["ab\n", "a\\.\n", "a\\.\r\n", "\r\n\\", "aaaa\\\r", "abcdefgh\\\n", "\\.\n\n\n\n"]
        let stream = random.bytes(of: Array(alphabets.randomElement(using: &random)!.utf8), upTo: 60)
        let rows = RowReference.text(stream)
        #expect(scan(stream, .text) == rows, "seed \(seed): \(stream)")
        #expect(scanBytes(stream, .text) == rows, "seed \(seed): \(stream)")
        for _ in 0..<3 {
            let pieces = random.pieces(of: stream.count, upTo: 9)
            #expect(scan(stream, .text, in: pieces) == rows, "seed \(seed): \(stream) in \(pieces)")
            #expect(count(stream, .text, in: pieces) == rows.ends.count, "seed \(seed): \(stream) in \(pieces)")
        }
    }
}
