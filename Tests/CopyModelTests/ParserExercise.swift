// One input through every parser, whole and in pieces: shared by the corpus test and the fuzz target.

import CopyModel

/// What the parsers made of one input.
struct ParserExercise: Equatable {
    var payload: [UInt8] = []
    var rows = 0
    var messages: [BackendMessage] = []
    var malformation: CopyStreamParser.Malformation?
    var endsAtBoundary = true
    /// Of the row scanners, by layout.
    var scanned: [Int] = []

    /// Parses the input in pieces of the sizes the cutter gives.
    init(_ input: [UInt8], cutting nextSize: () -> Int) {
        var parser = CopyStreamParser()
        var scanners = [RowLayout.text, .csv, .csv(quote: 0x27, escape: 0x5c), .binary].map { RowScanner($0) }
        scanned = scanners.map { _ in 0 }
        var offset = 0
        while offset < input.count {
            let piece = Array(input[offset..<min(input.count, offset + max(1, nextSize()))])
            offset += piece.count
            if malformation == nil { parse(piece, &parser) }
            for index in scanners.indices {
                scanned[index] += piece.withUnsafeBytes { scanners[index].count($0.bytes) }
            }
        }
        endsAtBoundary = parser.isAtBoundary
    }

    private mutating func parse(_ piece: [UInt8], _ parser: inout CopyStreamParser) {
        // The space is larger than what was received, and filled: what is written past it shows.
        var space = piece + [UInt8](repeating: 0xAA, count: 32)
        space.withUnsafeMutableBytes { buffer in
            var span = buffer.mutableBytes
            do throws(CopyStreamParser.Malformation) {
                let outcome = try parser.parse(&span, received: piece.count)
                payload += buffer[..<outcome.payload]
                rows += outcome.messages
            } catch {
                malformation = error
            }
        }
        precondition(space[piece.count...].allSatisfy { $0 == 0xAA }, "written past what was received")
        if malformation == nil { messages += parser.takeMessages() }
        for message in messages {
            _ = message.fields
            _ = message.texts(from: 4)
            _ = message.number
        }
    }

    /// Whether cutting made no difference. Payload before a malformation may be cut short by it.
    static func agree(_ whole: ParserExercise, _ cut: ParserExercise) -> Bool {
        if whole.malformation != nil || cut.malformation != nil {
            return whole.malformation == cut.malformation && whole.scanned == cut.scanned
        }
        return whole == cut
    }
}

/// Runs one input whole and in three kinds of pieces; the input's own bytes cut the last one.
func parsersAgree(on input: [UInt8]) -> Bool {
    let whole = ParserExercise(input) { Int.max / 2 }
    let bytewise = ParserExercise(input) { 1 }
    var seed = input.count
    let cut = ParserExercise(input) {
        seed = (seed &* 31 &+ Int(input[abs(seed % max(1, input.count))])) & 0xffff
        return seed % 23 + 1
    }
    return ParserExercise.agree(whole, bytewise) && ParserExercise.agree(whole, cut)
}
