// Bytes that are no UTF-8 in Swift's strings and back.

import PQ
import TestKit
import Testing

@Suite struct `Raw text` {
    private static let mark = Array("\u{10FFFE}".utf8)

    @Test func `valid text is itself`() {
        for text in ["", "plain", "é\u{301}🦆", "\u{10FFFF}", "\u{10FF80}"] {
            #expect(RawText.decoding(Array(text.utf8)).unicodeScalars.elementsEqual(text.unicodeScalars))
            #expect(RawText.bytes(of: text) == Array(text.utf8) && RawText.shown(text) == text)
        }
    }

    @Test func `a byte that is no character is told by its number`() {
        let text = RawText.decoding([0x61, 0xE9, 0x20, 0xFF, 0xC3, 0xA9])
        #expect(RawText.shown(text) == #"a\xE9 \xFFé"#)
        #expect(RawText.bytes(of: text) == [0x61, 0xE9, 0x20, 0xFF, 0xC3, 0xA9])
        #expect(text != RawText.decoding([0x61, 0xE8, 0x20, 0xFF, 0xC3, 0xA9]))
    }

    @Test(arguments: Seeded.seeds(20))
    func `different bytes are different texts, and come back`(seed: UInt64) {
        var rng = Seeded(seed)
        let pieces: [[UInt8]] = [
            [0x61], [0xE9], [0xC3], [0xA9], Self.mark, [0xF4], [0x8F], [0xBF, 0xBE], Array("é".utf8), [0xFF],
            [0xED, 0xA0, 0x80],
        ]
        var seen: [String: [UInt8]] = [:]
        for _ in 0..<300 {
            let bytes = (0..<rng.next(in: 0..<6)).flatMap { _ in pieces.randomElement(using: &rng)! }
            let text = RawText.decoding(bytes)
            #expect(RawText.bytes(of: text) == bytes, "\(bytes) \(rng)")
            if let other = seen.updateValue(bytes, forKey: text) { #expect(other == bytes, "\(rng)") }
        }
    }
}
