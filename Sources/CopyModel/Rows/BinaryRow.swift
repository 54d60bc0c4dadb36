// One row of COPY's binary format: fields to a tuple and back.

/// Writes and reads the header, tuples and trailer of the binary format.
package enum BinaryRow {
    /// What is wrong with a tuple.
    package enum Malformation: Error, Sendable, Hashable, CustomStringConvertible {
        /// More fields, or a longer one, than the format can say.
        case tooLarge
        /// Fewer bytes than its lengths say.
        case cut
        /// Bytes behind its last field.
        case excess

        /// For a person.
        package var description: String {
            switch self {
            case .tooLarge: "the row is larger than the binary format allows"
            case .cut: "the binary row ends before its fields do"
            case .excess: "the binary row goes on behind its fields"
            }
        }
    }

    /// What one message holds.
    package enum Message: Sendable, Hashable {
        /// A row's fields, nil for NULL.
        case row([[UInt8]?])
        /// The end of the data.
        case trailer
    }

    /// The signature, no flags, no extension.
    package static let header: [UInt8] =
        Array("PGCOPY\n".utf8) + [0xFF] + Array("\r\n".utf8) + [0] + [0, 0, 0, 0] + [0, 0, 0, 0]

    /// What ends the data: a count of -1.
    package static let trailer: [UInt8] = [0xFF, 0xFF]

    /// Appends a tuple of these fields, nil for NULL. Nothing is appended when it throws.
    package static func append(_ fields: [[UInt8]?], to bytes: inout [UInt8]) throws(Malformation) {
        guard fields.count <= Int(Int16.max), fields.allSatisfy({ ($0?.count ?? 0) <= Int(Int32.max) }) else {
            throw .tooLarge
        }
        put(UInt32(fields.count), 2, to: &bytes)
        for field in fields {
            guard let field else {
                put(.max, 4, to: &bytes)
                continue
            }
            put(UInt32(field.count), 4, to: &bytes)
            bytes.append(contentsOf: field)
        }
    }

    /// Reads one message: a tuple, the header before the first one included, or the trailer.
    package static func decode(_ message: [UInt8]) throws(Malformation) -> Message {
        var rest = message[...]
        if rest.starts(with: header.prefix(11)) {
            rest = rest.dropFirst(15)
            let extensionLength = try take(4, &rest)
            guard rest.count >= Int(extensionLength) else { throw .cut }
            rest = rest.dropFirst(Int(extensionLength))
        }
        let count = try take(2, &rest)
        if count == 0xFFFF { return .trailer }
        var fields: [[UInt8]?] = []
        for _ in 0..<count {
            let length = try take(4, &rest)
            guard length != .max else {
                fields.append(nil)
                continue
            }
            guard rest.count >= Int(length) else { throw .cut }
            fields.append(Array(rest.prefix(Int(length))))
            rest = rest.dropFirst(Int(length))
        }
        guard rest.isEmpty else { throw .excess }
        return .row(fields)
    }

    private static func put(_ number: UInt32, _ count: Int, to bytes: inout [UInt8]) {
        for index in (0..<count).reversed() { bytes.append(UInt8(truncatingIfNeeded: number >> (8 * index))) }
    }

    private static func take(_ count: Int, _ rest: inout ArraySlice<UInt8>) throws(Malformation) -> UInt32 {
        guard rest.count >= count else { throw .cut }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count).reduce(0) { $0 << 8 | UInt32($1) }
    }
}
