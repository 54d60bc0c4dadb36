// Which columns are copied, matched by name.

/// Decides the column lists of both sides; pure.
enum ColumnPlan {
    /// The source's columns in the order they are sent.
    static func source(_ table: TableShape, wanted: [String]?) throws(PgcopyError) -> [String] {
        guard let wanted else { return table.columns.filter { !$0.isGenerated }.map(\.name) }
        try check(wanted, table, "the table \(table.name.quoted)")
        return wanted
    }

    /// The destination's columns in the order they come; nil: the table's own, when nothing is known of the rows.
    static func destination(
        _ table: TableShape, from source: [String]?, wanted: [String]?, readsStream: Bool = false
    ) throws(PgcopyError) -> [String]? {
        guard let columns = source ?? wanted else { return nil }
        try check(columns, table, "the table \(table.name.quoted)", readsStream: readsStream)
        for name in columns where table.column(name)?.isGenerated ?? false {
            throw PgcopyError(
                .refused,
                "the column \(quoteIdentifier(name)) of \(table.name.quoted) is generated there; "
                    + (readsStream ? "the file or stream has to come without it" : "leave it out with --columns"))
        }
        if columns.isEmpty, !table.columns.allSatisfy(\.isGenerated) {
            throw PgcopyError(.refused, "the source has no columns, but \(table.name.quoted) has")
        }
        return columns
    }

    /// What a header line's one name looks as if it were several by.
    private static func separator(_ names: [String]) -> String? {
        guard names.count == 1 else { return nil }
        return [";", ",", "|", "\t"].first { names[0].contains($0) }.map { mark in
            "the names seem to be separated by \(mark == "\t" ? "tabs: --format=text" : mark == "," ? "commas: --format=csv" : "\(mark): --delimiter='\(mark)'")"
        }
    }

    private static func check(
        _ names: [String], _ table: TableShape, _ what: String, readsStream: Bool = false
    ) throws(PgcopyError) {
        let missing = names.filter { table.column($0) == nil }
        guard missing.isEmpty else {
            let have = table.columns.map(\.name)
            let told = missing.map { name in
                let near = NearestWord.find(name, among: have).map { " (did you mean \(quoteIdentifier($0))?)" }
                return quoteIdentifier(name) + (near ?? "")
            }
            throw PgcopyError(
                .refused,
                "\(what) has no column \(told.joined(separator: ", ")); "
                    + (have.isEmpty ? "it has none" : "it has \(have.map(quoteIdentifier).joined(separator: ", "))"),
                hint: readsStream ? separator(names) : nil)
        }
        var seen: Set<[UInt8]> = []
        for name in names where !seen.insert(Array(name.utf8)).inserted {
            throw PgcopyError(.refused, "the column \(quoteIdentifier(name)) is named twice")
        }
    }
}
