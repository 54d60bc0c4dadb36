// What was meant by a name that stands for no table: a near one, one elsewhere, one in quotes.

/// Finds what a person may have meant; pure.
struct NameAdvice {
    /// Something in a database that bears a name.
    struct Relation: Sendable {
        var schema: String
        var name: String
        /// As `TableShape.kind`.
        var kind: Character = "r"
        /// It is found without its schema.
        var isVisible = true
        /// Of an index: its table.
        var table: String?

        var isTable: Bool { "rpvmf".contains(kind) }
    }

    let relations: [Relation]
    let schemas: [String]
    /// What stands before a name where it is written: `#`, or nothing behind an option.
    var mark = "#"

    /// What may have been meant by a name; nil: nothing comes near.
    func meant(by name: SQLName) -> String? {
        guard let table = name.parts.last else { return nil }
        if mark.isEmpty, table.contains(",") {
            return "several tables are several options: "
                + table.split(separator: ",").map { "-t \($0.filter { $0 != " " })" }.joined(separator: " ")
        }
        if name.parts.count == 2, !schemas.contains(name.parts[0]) { return meant(by: table, in: name.parts[0]) }
        let schema = name.parts.count == 2 ? name.parts[0] : nil
        let here = relations.filter { one in schema.map { $0 == one.schema } ?? one.isVisible }
        if let other = here.first(where: { $0.name == table && !$0.isTable }) { return "it is " + Self.kind(other) }
        func written(_ relation: Relation) -> String {
            SQLName(schema == nil && relation.isVisible ? [relation.name] : [relation.schema, relation.name]).plain
        }
        if let same = here.first(where: { $0.isTable && Self.folded($0.name) == Self.folded(table) }) {
            return written(same).contains("\"")
                ? "quote it: '\(mark)\(written(same))'" : "did you mean \(written(same))?"
        }
        let namesakes = relations.filter { $0.name == table && $0.isTable }
        if !namesakes.isEmpty { return "it " + exists(namesakes) }
        for some in [here, relations] {
            guard let near = NearestWord.find(table, among: some.filter(\.isTable).map(\.name)),
                let relation = some.first(where: { $0.name == near && $0.isTable })
            else { continue }
            let text = written(relation)
            return "did you mean \(text.contains("\"") ? "'\(mark)\(text)'" : text)?"
        }
        return nil
    }

    /// A table in a schema that is not there.
    private func meant(by table: String, in schema: String) -> String {
        let missing = "there is no schema \(quoteIdentifier(schema))"
        let namesakes = relations.filter { $0.name == table && $0.isTable }
        if let near = NearestWord.find(schema, among: schemas) {
            if namesakes.contains(where: { $0.schema == near }) {
                return "did you mean \(SQLName([near, table]).plain)?"
            }
            if namesakes.isEmpty { return "\(missing); did you mean the schema \(SQLName([near]).plain)?" }
        }
        return namesakes.isEmpty ? missing : "\(missing); it \(exists(namesakes))"
    }

    private func exists(_ namesakes: [Relation]) -> String {
        "exists as " + namesakes.prefix(3).map { SQLName([$0.schema, $0.name]).plain }.joined(separator: ", ")
    }

    /// What may have been meant by a schema's name.
    func meant(bySchema name: String) -> String? {
        NearestWord.find(name, among: schemas).map { "did you mean \(SQLName([$0]).plain)?" }
    }

    /// What may have been meant by a pattern of which this is the plain beginning.
    func meant(byPattern literal: String) -> String? {
        let names = Array(Set(relations.filter { $0.isTable && $0.isVisible }.map(\.name))).sorted()
        if let near = NearestWord.find(literal, among: names) { return "did you mean \(SQLName([near]).plain)?" }
        let beginnings =
            names.map { String($0.prefix(literal.count + 1)) } + names.map { String($0.prefix(literal.count)) }
        guard let near = NearestWord.find(literal, among: beginnings) else { return nil }
        return names.first { $0.hasPrefix(near) }.map { "did you mean \(SQLName([$0]).plain)?" }
    }

    private static func kind(_ relation: Relation) -> String {
        switch relation.kind {
        case "i", "I": "an index" + (relation.table.map { " of \($0)" } ?? "") + ", no table"
        case "S": "a sequence, no table"
        case "c": "a composite type, no table"
        default: "no table"
        }
    }

    /// Letters alone: of `Odd Name` and `odd_name` one is meant for the other.
    private static func folded(_ name: String) -> String {
        name.lowercased().filter { !" _-".contains($0) }
    }
}

extension Catalog {
    /// The question what there is to be meant: all schemas that the role may look into, what looks like a table in them, and what bears one of
    /// these names.
    static func namesakesQuestion(_ names: [String]) -> PipelineMessage {
        .statement(
            """
            SELECT n.nspname, c.relname, c.relkind, pg_catalog.pg_table_is_visible(c.oid), \
            (SELECT i.indrelid::pg_catalog.regclass FROM pg_catalog.pg_index i WHERE i.indexrelid OPERATOR(pg_catalog.=) c.oid) \
            FROM pg_catalog.pg_namespace n LEFT JOIN pg_catalog.pg_class c \
            ON c.relnamespace OPERATOR(pg_catalog.=) n.oid AND c.relpersistence OPERATOR(pg_catalog.<>) 't' \
            AND (c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,v,m,f}') \
            OR c.relname::pg_catalog.text OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.text[])) \
            WHERE n.nspname OPERATOR(pg_catalog.!~) '^pg_' AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema' \
            AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') \
            ORDER BY 1, 2 LIMIT 50000
            """, [arrayLiteral(names)])
    }

    /// The answer.
    static func namesakes(_ result: QueryResult, mark: String) -> NameAdvice {
        var relations: [NameAdvice.Relation] = []
        var schemas: Set<String> = []
        for row in 0..<result.rowCount {
            let schema = result.name(row, 0) ?? ""
            schemas.insert(schema)
            guard let name = result.name(row, 1) else { continue }
            relations.append(
                NameAdvice.Relation(
                    schema: schema, name: name, kind: result.value(row, 2)?.first ?? "r",
                    isVisible: result.value(row, 3) == "t", table: result.name(row, 4)))
        }
        return NameAdvice(relations: relations, schemas: schemas.sorted(), mark: mark)
    }
}
