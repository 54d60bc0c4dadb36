// Frames of the v3 protocol, cut anywhere.

import CopyWire
import Testing

/// A CopyData frame round a body.
func frame(_ body: String) -> [UInt8] { frame(Array(body.utf8)) }

func frame(_ body: [UInt8]) -> [UInt8] { message("d", body) }

func message(_ type: String, _ body: [UInt8]) -> [UInt8] {
    let length = UInt32(body.count + 4)
    return Array(type.utf8) + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) } + body
}

/// What an update found.
struct Found: Equatable {
    var messages: Int
    var consumed: Int

    init(_ messages: Int, _ consumed: Int) {
        self.messages = messages
        self.consumed = consumed
    }
}

extension FrameTracker {
    /// Shows the tracker some bytes, which lie inside a larger buffer.
    mutating func feed(_ bytes: [UInt8]) -> Found { feed(bytes[...]) }

    mutating func feed(_ bytes: ArraySlice<UInt8>) -> Found {
        var copy = self
        let outcome = embedded(bytes) { copy.update($0) }
        self = copy
        return Found(outcome.messages, outcome.consumed)
    }
}

/// The cases of the model's WireState.
struct WireStateTests {
    @Test func `a full header without a body is one message`() {
        var tracker = FrameTracker()
        #expect(tracker.feed([0x64, 0, 0, 0, 4]) == Found(1, 5))
        #expect(tracker.position == .boundary)
    }

    @Test func `a header of one byte of body waits for it`() {
        var tracker = FrameTracker()
        #expect(tracker.feed([0x64, 0, 0, 0, 5]) == Found(0, 5))
        #expect(tracker.position == .body(remaining: 1))
        #expect(tracker.feed([0x41]) == Found(1, 1))
        #expect(tracker.position == .boundary)
    }

    @Test func `a type byte alone is no message yet`() {
        var tracker = FrameTracker()
        #expect(tracker.feed([0x64]) == Found(0, 1))
        #expect(tracker.position == .header(have: 0, partial: 0))
        #expect(tracker.feed([0, 0, 0, 4]) == Found(1, 4))
        #expect(tracker.position == .boundary)
    }

    @Test func `a type and one byte of length keep that byte`() {
        var tracker = FrameTracker()
        #expect(tracker.feed([0x64, 1]) == Found(0, 2))
        #expect(tracker.position == .header(have: 1, partial: 1))
        #expect(tracker.feed([2, 3, 4]) == Found(0, 3))
        #expect(tracker.position == .body(remaining: 0x0102_0304 - 4))
    }

    @Test func `a type and two bytes of length keep those bytes`() {
        var tracker = FrameTracker()
        #expect(tracker.feed([0x64, 0, 0]) == Found(0, 3))
        #expect(tracker.position == .header(have: 2, partial: 0))
        #expect(tracker.feed([0, 4]) == Found(1, 2))
        #expect(tracker.position == .boundary)
    }

    @Test func `a type and three bytes of length keep those bytes`() {
        var tracker = FrameTracker()
        #expect(tracker.feed([0x64, 0, 1, 2]) == Found(0, 4))
        #expect(tracker.position == .header(have: 3, partial: 0x0102))
        #expect(tracker.feed([3]) == Found(0, 1))
        #expect(tracker.position == .body(remaining: 0x010203 - 4))
    }
}

struct FrameTrackerTests {
    @Test func `nothing shown changes nothing`() {
        var tracker = FrameTracker()
        #expect(tracker.feed([]) == Found(0, 0))
        #expect(tracker == FrameTracker())
    }

    @Test(arguments: 0...12) func `a frame may be cut at every byte`(_ cut: Int) {
        let bytes = frame("1\tone\n\n")
        #expect(bytes.count == 12)
        var tracker = FrameTracker()
        #expect(tracker.feed(bytes[..<cut]) == Found(cut == 12 ? 1 : 0, cut))
        #expect(tracker.feed(bytes[cut...]) == Found(cut == 12 ? 0 : 1, 12 - cut))
        #expect(tracker.position == .boundary)
    }

    @Test func `several frames in one read are all counted`() {
        var tracker = FrameTracker()
        let bytes = frame("1\n") + frame("") + frame("22\n") + frame("333\n").dropLast()
        #expect(tracker.feed(bytes) == Found(3, bytes.count))
        #expect(tracker.position == .body(remaining: 1))
    }

    @Test func `bodies that hold the type byte are no frames`() {
        var tracker = FrameTracker()
        let bytes = frame("dddd") + frame(frame("d"))
        #expect(tracker.feed(bytes) == Found(2, bytes.count))
        #expect(tracker.position == .boundary)
    }

    @Test(arguments: ["c", "N", "A", "E", "C", "Z", "S", "D"])
    func `the first byte of another message ends it and is left`(_ type: String) {
        var tracker = FrameTracker()
        let bytes = frame("1\n") + message(type, [0x64, 0, 0, 0, 4])
        #expect(tracker.feed(bytes) == Found(1, 7))
        #expect(tracker.position == .ended)
        #expect(tracker.feed(frame("more")) == Found(0, 0))
        #expect(tracker.position == .ended)
    }

    @Test func `a type byte of another message inside a body is data`() {
        var tracker = FrameTracker()
        #expect(tracker.feed(frame("c")) == Found(1, 6))
        #expect(tracker.position == .boundary)
    }

    @Test(arguments: [0, 1, 2, 3, 0x4000_0000, 0x7fff_ffff, 0x8000_0000, UInt32.max])
    func `a length no server can send is malformed`(_ length: UInt32) {
        let header = [0x64] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) }
        for cut in 0...5 {
            var tracker = FrameTracker()
            var consumed = tracker.feed(header[..<cut]).consumed
            consumed += tracker.feed(header[cut...] + [0x64, 0, 0, 0, 4]).consumed
            #expect(consumed == 5, "cut at \(cut)")
            #expect(tracker.position == .malformed(length: length), "cut at \(cut)")
            #expect(tracker.feed(frame("1\n")) == Found(0, 0))
        }
    }

    @Test func `the longest length is taken`() {
        var tracker = FrameTracker()
        #expect(tracker.feed([0x64, 0x3f, 0xff, 0xff, 0xff, 1]) == Found(0, 6))
        #expect(tracker.position == .body(remaining: 0x3fff_ffff - 5))
    }

    @Test(arguments: 1...200) func `pieces find what the whole finds`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var bytes: [UInt8] = []
        let count = Int.random(in: 0...20, using: &random)
        for _ in 0..<count { bytes += frame(random.bytes(of: [0x64, 0, 4, 0x63, 0xff], upTo: 30)) }
        let data = bytes.count
        bytes += message("c", [])

        var whole = FrameTracker()
        #expect(whole.feed(bytes) == Found(count, data), "seed \(seed)")

        for largest in [1, 3, 40] {
            var tracker = FrameTracker()
            var messages = 0
            var consumed = 0
            for piece in random.pieces(of: bytes.count, upTo: largest) {
                let found = tracker.feed(bytes[piece])
                messages += found.messages
                consumed += found.consumed
            }
            #expect(messages == count, "seed \(seed), pieces of \(largest)")
            #expect(consumed == data, "seed \(seed), pieces of \(largest)")
            #expect(tracker == whole, "seed \(seed), pieces of \(largest)")
        }
    }
}
