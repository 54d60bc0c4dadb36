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
        /// The access method that tables have by default where it stands; nil: none was set.
        package var accessMethod: String?
        /// What it runs, in this order.
        package var statements: [[UInt8]] = []

        /// Its last statement begins so.
        package func runs(_ words: String) -> Bool { statements.last?.starts(with: words.utf8) ?? false }

        /// A partition, or its index, becomes one.
        package var attaches: Bool {
            object.catalog == 0 && dependencies.isEmpty && (runs("ALTER TABLE ONLY ") || runs("ALTER INDEX "))
        }

        /// pg_dump counts it as post-data: an index, a constraint or whatever else is made once the rows are there. That
        /// is known by its catalog and by what it runs; a heading has names in it, with any words in them.
        var isAfterRows: Bool {
            switch object.catalog {
            case Catalog.constraint, Catalog.trigger, Catalog.rule, Catalog.policy, Catalog.statistics,
                Catalog.eventTrigger:
                true
            case Catalog.relation:
                statements.contains { text in
                    ["CREATE INDEX ", "CREATE UNIQUE INDEX "].contains { text.starts(with: $0.utf8) }
                }
            case 0:
                runs("ALTER INDEX ") || runs("REFRESH MATERIALIZED VIEW ")
                    || !dependencies.isEmpty && runs("ALTER TABLE ") && !runs("ALTER TABLE ONLY ")
            default: false
            }
        }
    }

    /// The numbers of catalogs, the same at every server.
    package enum Catalog {
        package static let relation: UInt32 = 1259
        package static let constraint: UInt32 = 2606
        package static let rule: UInt32 = 2618
        package static let trigger: UInt32 = 2620
        package static let policy: UInt32 = 3256
        package static let statistics: UInt32 = 3381
        package static let eventTrigger: UInt32 = 3466
    }

    /// In the order in which they can be run.
    package private(set) var entries: [Entry] = []
    /// The first that pg_dump counts as post-data.
    package private(set) var firstAfterRows = 0
    /// It was written to its end.
    package private(set) var isWhole = false
    private var accessMethod: String?

    /// Reads a whole text.
    package init(_ text: [UInt8]) {
        var splitter = StatementSplitter()
        var statements: [SQLStatement] = []
        for byte in text { if let statement = splitter.push(byte) { statements.append(statement) } }
        if let last = splitter.finish() { statements.append(last) }
        var queue = statements[...]
        /// The last line of the statement before.
        var end = 0
        func take(before line: Int) {
            while let statement = queue.first, statement.line < line {
                queue.removeFirst()
                end = statement.line + statement.bytes.count { $0 == UInt8(ascii: "\n") }
                add(statement.bytes)
            }
        }
        for (index, line) in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            guard line.starts(with: Self.mark) else { continue }
            take(before: index + 1)
            guard index + 1 > end else { continue }
            let words = String(decoding: line.dropFirst(Self.mark.count), as: UTF8.self)
            if let entry = Self.entry(words) {
                entries.append(entry)
                entries[entries.count - 1].accessMethod = accessMethod
            } else if words.hasPrefix("Dependencies: "), let last = entries.indices.last {
                entries[last].dependencies = words.split(separator: " ").compactMap { Int($0) }
            } else if words == "PostgreSQL database dump complete" {
                isWhole = true
            }
        }
        take(before: .max)
        firstAfterRows = entries.firstIndex(where: \.isAfterRows) ?? entries.count
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

    /// Settings are the session's own, but for what is said of the next tables alone.
    private mutating func add(_ statement: [UInt8]) {
        guard !entries.isEmpty else { return }
        let text = String(decoding: statement, as: UTF8.self)
        let mark = "SET default_table_access_method = "
        if text.hasPrefix(mark) {
            accessMethod = String(text.dropFirst(mark.count))
        } else if !text.hasPrefix("SET "), !text.hasPrefix("SELECT pg_catalog.set_config("), !text.hasPrefix("\\") {
            entries[entries.count - 1].statements.append(statement)
        }
    }
}
