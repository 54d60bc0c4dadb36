// How tables differ between the source and a destination: all of it at once.

/// A difference that stands in the way of rows, or may.
public struct Drift: Sendable, Hashable {
    /// As `sales.orders`.
    public var table: String
    /// What differs: `table`, `rights`, `column "i"`, `type of "i"`.
    public var what: String
    /// What it is at the source.
    public var source: String
    /// What it is at the destination; where it lies in the source alone, what is needed.
    public var destination: String
    /// The destination; or the source, where it lies there alone.
    public var label: String
}

extension Drift {
    /// What a server says of a table.
    struct Shape: Sendable {
        struct Column: Sendable {
            var name: String
            var type: String
            var isGenerated: Bool
            /// It takes no NULL and has no default.
            var needsValue: Bool
        }
        var columns: [Column] = []
        var mayRead = true
        var mayLoad = true
        var mayEmpty = true
    }

    /// Everything that differs, table by table.
    /// - Parameters:
    ///   - shapes: of the source's tables and those of a destination; nil: there is none.
    ///   - wanted: the columns to copy; nil: all that can be.
    static func between(
        _ names: [String], _ source: [Shape?], _ shapes: [Shape?], at label: String, wanted: [String]?,
        empties: Emptying?
    ) -> [Drift] {
        zip(names, zip(source, shapes)).flatMap { name, pair -> [Drift] in
            func drift(_ what: String, _ source: String, _ destination: String) -> Drift {
                Drift(table: name, what: what, source: source, destination: destination, label: label)
            }
            guard let source = pair.0 else { return [] }
            guard let there = pair.1 else { return [drift("table", "there", "missing")] }
            var found: [Drift] = []
            let rights = (there.mayLoad ? [] : ["INSERT"]) + (there.mayEmpty ? [] : [empties?.right].compactMap { $0 })
            if !rights.isEmpty { found.append(drift("rights", "", "no \(rights.joined(separator: ", "))")) }
            let columns = source.columns.filter { column in
                wanted.map { $0.contains { isSameName($0, column.name) } } ?? !column.isGenerated
            }
            for column in columns {
                let quoted = quoteIdentifier(column.name)
                guard let other = there.columns.first(where: { isSameName($0.name, column.name) }) else {
                    found.append(drift("column \(quoted)", column.type, "missing"))
                    continue
                }
                if other.isGenerated {
                    found.append(drift("column \(quoted)", column.type, "generated"))
                } else if other.type != column.type {
                    found.append(drift("type of \(quoted)", column.type, other.type))
                }
            }
            for column in there.columns
            where column.needsValue && !columns.contains(where: { isSameName($0.name, column.name) }) {
                found.append(
                    drift(
                        "column \(quoteIdentifier(column.name))", "missing", "\(column.type) NOT NULL without a default"
                    ))
            }
            return found
        }
    }

    /// What keeps the source's tables from being read.
    static func unreadable(_ names: [String], _ source: [Shape?], at label: String) -> [Drift] {
        zip(names, source).compactMap { name, shape in
            guard let shape else {
                return Drift(table: name, what: "table", source: "missing", destination: "", label: label)
            }
            return shape.mayRead
                ? nil
                : Drift(table: name, what: "rights", source: "no SELECT", destination: "", label: label)
        }
    }
}

extension Catalog {
    /// The question what tables look like, by names; nothing is locked.
    static func driftQuestion(_ names: [SQLName], empties: Emptying?) -> PipelineMessage {
        .statement(
            """
            SELECT q.place, pg_catalog.has_any_column_privilege(c.oid, 'SELECT'), \
            pg_catalog.has_any_column_privilege(c.oid, 'INSERT'), pg_catalog.has_table_privilege(c.oid, '\((empties ?? .truncate).right)'), \
            a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attgenerated OPERATOR(pg_catalog.<>) '', \
            a.attnotnull AND NOT a.atthasdef AND a.attidentity OPERATOR(pg_catalog.=) '' \
            FROM \(namesTable(names.count, 1)) q(place, oid) JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) q.oid \
            AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,v,m,f}') \
            LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.oid \
            AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped ORDER BY q.place, a.attnum
            """, nameParameters([names.map(\.quoted)]))
    }

    /// The answer, by place.
    static func driftShapes(_ result: QueryResult, count: Int) -> [Drift.Shape?] {
        var shapes: [Drift.Shape?] = Array(repeating: nil, count: count)
        for row in 0..<result.rowCount {
            guard let place = result.value(row, 0).flatMap({ Int($0) }) else { continue }
            func isTrue(_ column: Int) -> Bool { result.value(row, column) == "t" }
            var shape =
                shapes[place - 1]
                ?? Drift.Shape(mayRead: isTrue(1), mayLoad: isTrue(2), mayEmpty: isTrue(3))
            if let name = result.name(row, 4) {
                shape.columns.append(
                    Drift.Shape.Column(
                        name: name, type: result.value(row, 5) ?? "", isGenerated: isTrue(6), needsValue: isTrue(7)))
            }
            shapes[place - 1] = shape
        }
        return shapes
    }
}

extension Transfer {
    /// Looks at all tables of all servers, where a run is refused, and tells everything that differs: the refusal is of what was
    /// met first.
    func tellDrift() {
        guard copying == nil, request.query == nil, source.session != nil else { return }
        let sides = ([source] + destinations).filter { side in
            side.session?.connection.isUsable ?? false && side.session?.transactionStatus != .active
        }
        guard sides.first?.isSource ?? false, sides.count > 1 else { return }
        let asked = sides.compactMap {
            side -> (side: Side, part: PipelinePart, names: [SQLName], result: PipelineResult)? in
            let names = tables(of: side)
            guard let session = side.session, !names.isEmpty, names.allSatisfy({ $0.parts.count <= 2 }) else {
                return nil
            }
            let part = PipelinePart(session, timeout: request.timeout ?? .seconds(5), isVital: false)
            if session.connection.transactionStatus != .idle { part.ask(.statement("ROLLBACK")) }
            part.ask(.statement("BEGIN READ ONLY"))
            for setting in SessionSettings.first(session.connection) { part.ask(.statement(setting)) }
            return (side, part, names, part.ask(Catalog.driftQuestion(names, empties: request.empties)))
        }
        guard (try? ask(asked.map { ($0.side.label, $0.part) })) != nil, let first = asked.first, first.side.isSource,
            let result = try? first.result.get()
        else { return }
        let names = first.names.map { $0.parts.joined(separator: ".") }
        let shapes = Catalog.driftShapes(result, count: names.count)
        var drift = Drift.unreadable(names, shapes, at: source.label)
        for (side, _, own, result) in asked.dropFirst() where own.count == names.count {
            guard let result = try? result.get() else { continue }
            drift += Drift.between(
                names, shapes, Catalog.driftShapes(result, count: own.count), at: side.label, wanted: request.columns,
                empties: request.empties)
        }
        // One for each refusal is what they say.
        if drift.count > max(1, sides.count(where: { !$0.isActive })) {
            sink?.receive(.drift(drift.sorted { $0.table < $1.table }))
        }
    }
}
