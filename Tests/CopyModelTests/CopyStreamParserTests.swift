// A server's stream, cut anywhere.

import CopyModel
import Testing

/// A CopyData message round a body.
private func frame(_ body: [UInt8]) -> [UInt8] { message(0x64, body) }

private func frame(_ body: String) -> [UInt8] { frame(Array(body.utf8)) }

private func message(_ type: UInt8, _ body: [UInt8] = []) -> [UInt8] {
    [type] + bigEndian(UInt32(body.count + 4)) + body
}

private func bigEndian(_ number: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
}

/// What a piece held.
private struct Found: Equatable {
    let rows: Int
    let data: [UInt8]

    init(_ rows: Int, _ data: String = "") { (self.rows, self.data) = (rows, Array(data.utf8)) }

    init(_ rows: Int, _ data: [UInt8]) { (self.rows, self.data) = (rows, data) }
}

extension CopyStreamParser {
    /// Shows it a piece inside of a larger space, of which it must leave the rest alone.
    fileprivate mutating func feed(_ piece: some Collection<UInt8>) throws(Malformation) -> Found {
        var space = Array(piece) + [UInt8](repeating: 0xAA, count: 24)
        let parsed: Result<Outcome, Malformation> = space.withUnsafeMutableBytes { buffer in
            var span = buffer.mutableBytes
            do throws(Malformation) {
                return .success(try parse(&span, received: piece.count))
            } catch {
                return .failure(error)
            }
        }
        #expect(space[piece.count...].allSatisfy { $0 == 0xAA }, "written past what was received")
        let outcome = try parsed.get()
        return Found(outcome.messages, Array(space[..<outcome.payload]))
    }
}

/// The cases of the model's WireState (23 to 28).
struct WireStateTests {
    @Test func `a full header without a body is one message`() throws {
        var parser = CopyStreamParser()
        #expect(try parser.feed([0x64, 0, 0, 0, 4]) == Found(1))
        #expect(parser.isAtBoundary)
    }

    @Test func `a header of one byte of body waits for it`() throws {
        var parser = CopyStreamParser()
        #expect(try parser.feed([0x64, 0, 0, 0, 5]) == Found(0))
        #expect(!parser.isAtBoundary)
        #expect(try parser.feed([0x41]) == Found(1, "A"))
        #expect(parser.isAtBoundary)
    }

    @Test(arguments: 1...4) func `a header that came in part keeps its bytes until the rest completes it`(_ have: Int)
        throws
    {
        for length in [4, 5, 0x0102_03] as [UInt32] {
            let header = [0x64] + bigEndian(length)
            var parser = CopyStreamParser()
            #expect(try parser.feed(header[..<have]) == Found(0))
            #expect(!parser.isAtBoundary)
            let body = [UInt8](repeating: 0x61, count: Int(length) - 4)
            #expect(try parser.feed(header[have...] + body) == Found(1, body))
            #expect(parser.isAtBoundary)
        }
    }
}

struct CopyStreamParserTests {
    @Test func `nothing shown changes nothing`() throws {
        var parser = CopyStreamParser()
        #expect(try parser.feed([]) == Found(0))
        #expect(parser.isAtBoundary && parser.takeMessages().isEmpty)
    }

    @Test(arguments: 0...12) func `a frame may be cut at every byte`(_ cut: Int) throws {
        let bytes = frame("1\tone\n\n")
        #expect(bytes.count == 12)
        var parser = CopyStreamParser()
        let first = try parser.feed(bytes[..<cut])
        #expect(parser.isAtBoundary == (cut % 12 == 0))
        let second = try parser.feed(bytes[cut...])
        #expect(first.rows + second.rows == 1 && first.data + second.data == Array("1\tone\n\n".utf8))
        #expect(parser.isAtBoundary)
    }

    @Test func `several frames in one read are all counted`() throws {
        var parser = CopyStreamParser()
        let bytes = frame("1\n") + frame("") + frame("22\n") + frame("333\n").dropLast()
        #expect(try parser.feed(bytes) == Found(3, "1\n22\n333"))
        #expect(!parser.isAtBoundary)
    }

    @Test func `bodies that look like messages are data`() throws {
        var parser = CopyStreamParser()
        let inner = frame("d") + message(0x63)
        #expect(try parser.feed(frame("dddd") + frame(inner)) == Found(2, Array("dddd".utf8) + inner))
        #expect(parser.isAtBoundary && parser.takeMessages().isEmpty)
    }

    @Test(arguments: 0...200) func `every kind of message is taken out of the data, in order`(_ cut: Int) throws {
        let text = Array("text\0".utf8)
        let number = bigEndian(7)
        let bodies: [(BackendMessage.Kind, [UInt8])] = [
            (.copyOut, [0, 0, 1, 0, 0]), (.copyIn, [0, 0, 0]), (.copyBoth, [1, 0, 0]),
            (.notice, [0x4D] + text + [0]), (.error, [0x4D] + text + [0]), (.notification, number + text + text),
            (.parameterStatus, text + text), (.commandComplete, text), (.copyDone, []), (.emptyQuery, []),
            (.rowDescription, [0, 0]), (.dataRow, [0, 0]), (.backendKey, number + number), (.readyForQuery, [0x49]),
        ]
        #expect(Set(bodies.map(\.0)) == Set(BackendMessage.Kind.allCases))
        var bytes: [UInt8] = []
        for (kind, body) in bodies { bytes += frame("row\n") + message(kind.rawValue, body) }
        #expect(bytes.count > 200)
        var parser = CopyStreamParser()
        let found = [try parser.feed(bytes[..<cut]), try parser.feed(bytes[cut...])]
        #expect(found.reduce(0) { $0 + $1.rows } == bodies.count)
        #expect(found.flatMap(\.data) == bodies.flatMap { _ in Array("row\n".utf8) })
        #expect(parser.takeMessages() == bodies.map { BackendMessage($0, $1) })
        #expect(parser.takeMessages().isEmpty && parser.isAtBoundary)
    }

    @Test(arguments: [0, 1, 2, 3, 0x4000_0000, 0x7fff_ffff, 0x8000_0000, UInt32.max])
    func `a length no server can send is a fault, however it comes`(_ length: UInt32) {
        let header = [0x64] + bigEndian(length)
        for cut in 0...5 {
            var parser = CopyStreamParser()
            #expect(throws: CopyStreamParser.Malformation.length(type: 0x64, length)) {
                _ = try parser.feed(header[..<cut])
                _ = try parser.feed(header[cut...] + frame("1\n"))
            }
        }
    }

    @Test func `the longest length of data is taken`() throws {
        var parser = CopyStreamParser()
        #expect(try parser.feed([0x64] + bigEndian(0x3fff_ffff) + [1]) == Found(0, [1]))
        #expect(!parser.isAtBoundary)
    }

    @Test(arguments: BackendMessage.Kind.allCases)
    func `a message that is no data is never longer than a server's`(_ kind: BackendMessage.Kind) {
        for length in [0, 3, 4, UInt32(CopyStreamParser.longestControl) + 1, UInt32.max] {
            // Some have nothing but a header.
            if length == 4, kind == .copyDone || kind == .emptyQuery { continue }
            var parser = CopyStreamParser()
            #expect(throws: CopyStreamParser.Malformation.length(type: kind.rawValue, length)) {
                _ = try parser.feed([kind.rawValue] + bigEndian(length))
            }
        }
    }

    @Test func `a type that no server sends is a fault, told by its name`() {
        let known = Set(BackendMessage.Kind.allCases.map(\.rawValue)).union([0x64])
        for type in UInt8.min...UInt8.max where !known.contains(type) {
            var parser = CopyStreamParser()
            #expect(throws: CopyStreamParser.Malformation.unknownType(type)) {
                _ = try parser.feed(frame("1\n") + message(type))
            }
        }
        #expect("\(CopyStreamParser.Malformation.unknownType(0x7e))" == "the server sent a message of unknown type '~'")
        #expect("\(CopyStreamParser.Malformation.unknownType(0))" == "the server sent a message of unknown type 0")
        #expect(
            "\(CopyStreamParser.Malformation.length(type: 0x5A, 9))"
                == "the server sent a message of type 'Z' with the impossible length 9")
    }

    @Test(arguments: 1...200) func `pieces find what the whole finds`(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var bytes: [UInt8] = []
        var data: [UInt8] = []
        let count = Int.random(in: 0...20, using: &random)
        // Rows shorter and longer than what moves at once.
        for _ in 0..<count {
            let body = random.bytes(of: [0x64, 0, 4, 0x63, 0xff], upTo: Bool.random(using: &random) ? 30 : 700)
            bytes += frame(body)
            data += body
        }
        bytes += message(0x63)

        var whole = CopyStreamParser()
        #expect(try whole.feed(bytes) == Found(count, data), "seed \(seed)")
        #expect(whole.takeMessages() == [BackendMessage(.copyDone)])

        for largest in [1, 3, 40] {
            var parser = CopyStreamParser()
            var rows = 0
            var got: [UInt8] = []
            for piece in random.pieces(of: bytes.count, upTo: largest) {
                let found = try parser.feed(bytes[piece])
                rows += found.rows
                got += found.data
            }
            #expect(rows == count && got == data, "seed \(seed), pieces of \(largest)")
            #expect(parser.takeMessages() == [BackendMessage(.copyDone)] && parser.isAtBoundary)
        }
    }
}
