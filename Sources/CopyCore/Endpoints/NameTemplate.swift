// A text in which a table's names stand.

/// What stands for a name of the table that is copied.
enum NameMark: CaseIterable, Sendable {
    case schema, table

    var bytes: [UInt8] {
        switch self {
        case .schema: Array("{schema}".utf8)
        case .table: Array("{table}".utf8)
        }
    }

    /// As it is written.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The mark that begins here.
    init?(at rest: ArraySlice<UInt8>) {
        guard let mark = Self.allCases.first(where: { rest.starts(with: $0.bytes) }) else { return nil }
        self = mark
    }

    /// What it stands for; nil: a name without a schema.
    func value(of name: SQLName) -> String? { self == .table ? name.parts.last : name.parts.dropLast().last }

    /// What it stands for as a file's name, or a piece of one.
    /// - Throws: where it would lead to another folder.
    func fileName(of name: SQLName) throws(PgcopyError) -> [UInt8] {
        guard let part = value(of: name) else {
            throw PgcopyError(.usage, "\(text) stands for the schema of \(name.quoted), which is not named there")
        }
        let bytes = RawText.bytes(of: part)
        guard !bytes.contains(UInt8(ascii: "/")), part != ".", part != ".." else {
            throw PgcopyError(
                .refused, "the table \(name.quoted) has a name that no file can have; name its file by itself")
        }
        return bytes
    }
}

/// Bytes with marks among them.
struct NameTemplate: Sendable, Hashable {
    private enum Piece: Sendable, Hashable {
        case byte(UInt8)
        case name(NameMark)
    }
    private var pieces: [Piece] = []

    /// Nil: no mark stands in it.
    /// - Parameter isMark: whether what looks like one is one; called with where it begins.
    init?(_ bytes: [UInt8], isMark: (Int) throws(PgcopyError) -> Bool = { _ in true }) throws(PgcopyError) {
        var rest = bytes[...]
        while let byte = rest.first {
            if let mark = NameMark(at: rest), try isMark(rest.startIndex) {
                pieces.append(.name(mark))
                rest = rest.dropFirst(mark.bytes.count)
            } else {
                pieces.append(.byte(byte))
                rest.removeFirst()
            }
        }
        if !NameMark.allCases.contains(where: holds) { return nil }
    }

    func holds(_ mark: NameMark) -> Bool { pieces.contains(.name(mark)) }

    /// Its bytes with other bytes in the place of the marks.
    func filled(_ value: (NameMark) throws(PgcopyError) -> [UInt8]) throws(PgcopyError) -> [UInt8] {
        var result: [UInt8] = []
        for piece in pieces {
            switch piece {
            case .byte(let byte): result.append(byte)
            case .name(let mark): result += try value(mark)
            }
        }
        return result
    }
}
