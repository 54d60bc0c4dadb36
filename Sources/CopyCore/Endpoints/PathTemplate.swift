// A file's name in which a table's stands.

/// `{schema}` and `{table}` in a path stand for the names of the table that is copied.
struct PathTemplate: Sendable, Hashable {
    private let path: Path

    private static let schema = Array("{schema}".utf8)
    private static let table = Array("{table}".utf8)

    /// Nil: no name stands in it.
    init?(_ path: Path) {
        guard Self.holds(path, Self.table) || Self.holds(path, Self.schema) else { return nil }
        self.path = path
    }

    private static func holds(_ path: Path, _ mark: [UInt8]) -> Bool {
        path.bytes.indices.contains { path.bytes[$0...].starts(with: mark) }
    }

    /// Many tables have each a file of their own.
    var tellsTablesApart: Bool { Self.holds(path, Self.table) }

    /// The path for a table.
    /// - Throws: where its name would lead to another folder.
    func path(for name: SQLName) throws(PgcopyError) -> Path {
        var result: [UInt8] = []
        var rest = path.bytes[...]
        while let byte = rest.first {
            if rest.starts(with: Self.schema) {
                result += try Self.fileName(name.parts.first ?? "", name)
                rest = rest.dropFirst(Self.schema.count)
            } else if rest.starts(with: Self.table) {
                result += try Self.fileName(name.parts.last ?? "", name)
                rest = rest.dropFirst(Self.table.count)
            } else {
                result.append(byte)
                rest.removeFirst()
            }
        }
        return Path(result)
    }

    private static func fileName(_ part: String, _ name: SQLName) throws(PgcopyError) -> [UInt8] {
        let bytes = RawText.bytes(of: part)
        guard !bytes.contains(UInt8(ascii: "/")), part != ".", part != ".." else {
            throw PgcopyError(
                .refused, "the table \(name.quoted) has a name that no file can have; name its file by itself")
        }
        return bytes
    }
}
