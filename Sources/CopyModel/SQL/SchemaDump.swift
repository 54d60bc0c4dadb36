// What pg_dump writes as text, object by object.

/// The entries of `pg_dump --verbose` in plain format, without rows.
///
/// Only its headings and statements are read. What the text begins and ends with (SET, psql's `\restrict`) belongs to no
/// entry; a heading inside of a string or a name is none.
package struct SchemaDump: Sendable {
    /// An object, as the source's catalogs number it.
    package struct Object: Sendable, Hashable {
        /// The OID of its catalog; 0: it is no object of its own, as a comment.
        package var catalog: UInt32
        package var oid: UInt32

        /// An object of a catalog.
        package init(catalog: UInt32, oid: UInt32) {
            self.catalog = catalog
            self.oid = oid
        }
    }

    /// One object's definition, or something about one.
    package struct Entry: Sendable {
        package var number: Int
        package var object: Object
        /// The numbers of entries that it is about; pg_dump gives them for what is no object of its own.
        package var dependencies: [Int] = []
        /// As `TABLE`, `FK CONSTRAINT`.
        package var type = ""
        /// What it runs, in this order.
        package var statements: [[UInt8]] = []
    }

    /// In the order in which they can be run.
    package private(set) var entries: [Entry] = []
    /// The first that pg_dump counts as post-data.
    package private(set) var firstAfterRows = 0

    /// Indexes, constraints and whatever else is made once the rows are there.
    private static let afterRows: Set<String> = [
        "CONSTRAINT", "CHECK CONSTRAINT", "FK CONSTRAINT", "INDEX", "INDEX ATTACH", "STATISTICS", "RULE", "TRIGGER",
        "EVENT TRIGGER", "ROW SECURITY", "POLICY", "MATERIALIZED VIEW DATA", "PUBLICATION", "PUBLICATION TABLE",
        "SUBSCRIPTION",
    ]

    /// Reads a whole text.
    package init(_ text: [UInt8]) {
        var splitter = StatementSplitter()
        var statements: [SQLStatement] = []
        for byte in text { if let statement = splitter.push(byte) { statements.append(statement) } }
        if let last = splitter.finish() { statements.append(last) }
        var queue = statements[...]
        /// The last line of the statement before.
        var end = 0
        /// Statements that stand before their entry's heading.
        var ahead: [[UInt8]] = []
        func take(before line: Int) {
            while let statement = queue.first, statement.line < line {
                queue.removeFirst()
                end = statement.line + statement.bytes.count { $0 == UInt8(ascii: "\n") }
                add(statement.bytes, &ahead)
            }
        }
        for (index, line) in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            guard line.starts(with: Self.mark) else { continue }
            take(before: index + 1)
            guard index + 1 > end else { continue }
            let words = String(decoding: line.dropFirst(Self.mark.count), as: UTF8.self)
            if let entry = Self.entry(words) {
                entries.append(entry)
                entries[entries.count - 1].statements = ahead
                ahead = []
            } else if words.hasPrefix("Dependencies: "), let last = entries.indices.last {
                entries[last].dependencies = words.split(separator: " ").compactMap { Int($0) }
            } else if words.hasPrefix("Name: "), let last = entries.indices.last, entries[last].type.isEmpty {
                entries[last].type = Self.type(words)
            }
        }
        take(before: .max)
        firstAfterRows = entries.firstIndex { Self.afterRows.contains($0.type) } ?? entries.count
    }

    private static let mark = Array("-- ".utf8)

    /// `TOC entry 217 (class 1259 OID 16398)`.
    private static func entry(_ words: String) -> Entry? {
        let words = words.split(separator: " ")
        guard words.count == 7, words[0] == "TOC", words[1] == "entry", words[3] == "(class", words[5] == "OID",
            let number = Int(words[2]), let catalog = UInt32(words[4]), let oid = UInt32(words[6].dropLast())
        else { return nil }
        return Entry(number: number, object: Object(catalog: catalog, oid: oid))
    }

    /// `Name: a; Type: TABLE; Schema: app; Owner: -`: a name may hold anything but a line end, so from its end.
    private static func type(_ words: String) -> String {
        let parts = words.split(separator: "; ", omittingEmptySubsequences: false)
        return parts.last { $0.hasPrefix("Type: ") }.map { String($0.dropFirst("Type: ".count)) } ?? ""
    }

    /// Settings are the session's own, but for what is said of the next table alone.
    private mutating func add(_ statement: [UInt8], _ ahead: inout [[UInt8]]) {
        guard !entries.isEmpty else { return }
        let text = String(decoding: statement, as: UTF8.self)
        if text.hasPrefix("SET default_table_access_method = ") {
            ahead.append(Array("SET LOCAL \(text.dropFirst("SET ".count))".utf8))
        } else if !text.hasPrefix("SET "), !text.hasPrefix("SELECT pg_catalog.set_config("), !text.hasPrefix("\\") {
            entries[entries.count - 1].statements.append(statement)
        }
    }
}
