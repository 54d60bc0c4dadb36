// Streams that are no rows.

import CopyModel
import Testing

struct ForeignDataTests {
    static let beginnings: [(ForeignData, [UInt8])] = [
        (.gzip, [0x1f, 0x8b, 0x08, 0x00]), (.zstd, [0x28, 0xb5, 0x2f, 0xfd, 0x04]),
        (.xz, [0xfd] + Array("7zXZ".utf8) + [0x00]), (.bzip2, Array("BZh91AY&SY".utf8)),
        (.bzip2, Array("BZh1".utf8) + [0x17, 0x72, 0x45, 0x38, 0x50, 0x90]), (.lz4, [0x04, 0x22, 0x4d, 0x18, 0x64]),
        (.lz4, [0x02, 0x21, 0x4c, 0x18]), (.binaryCopy, Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0x00]),
    ]

    private func kind(of pieces: [[UInt8]], _ layout: RowLayout) -> ForeignData? {
        var detector = ForeignDataDetector(layout)
        for piece in pieces {
            if let kind = embedded(piece[...], { detector.look(at: $0) }) { return kind }
        }
        return nil
    }

    @Test(arguments: beginnings) func `is known by its first bytes, cut anywhere`(_ kind: ForeignData, _ head: [UInt8])
    {
        let stream = head + Array("more\n".utf8)
        for cut in 0...stream.count {
            for layout in [RowLayout.text, .csv] {
                #expect(self.kind(of: [Array(stream[..<cut]), Array(stream[cut...])], layout) == kind, "cut at \(cut)")
            }
        }
        #expect(self.kind(of: stream.map { [$0] }, .text) == kind)
        #expect(self.kind(of: [stream], .binary) == (kind == .binaryCopy ? nil : kind))
        // Not in the middle of a stream.
        #expect(self.kind(of: [Array("12345678901\n".utf8), stream], .text) == nil)
    }

    @Test(arguments: ["", "B", "BZh", "BZh9\tis a word\n", "PGCOPY\nand more\n", "(\u{b5}/x\n", "1\t2\n"])
    func `rows are no such thing`(_ text: String) {
        #expect(kind(of: [Array(text.utf8)], .text) == nil)
        #expect(kind(of: text.utf8.map { [$0] }, .csv) == nil)
    }
}
