// Sequences that columns own, on both sides.

/// A sequence that a column of a table owns: that of a serial, or of an identity.
struct OwnedSequence: Sendable, Equatable {
    /// Empty: it stands by itself, and was made with the tables.
    var column: String
    var name: SQLName
    var oid: String
    var increment: Int
    /// The role may read where it stands (SELECT), set it (UPDATE), and is its owner.
    var mayRead = true
    var mayUpdate = true
    var isOwner = true
}

/// A sequence of a destination that is to go on where the source's stands.
struct SequencePair: Sendable, Equatable {
    var source: OwnedSequence
    var destination: OwnedSequence

    /// A column at the source some of whose sequences have no counterpart.
    struct Unpaired: Sendable, Equatable {
        var column: String
        /// It owns sequences here, of other names.
        var ownsOthers: Bool
    }

    /// What pairs them: the column, and where it owns several, the name.
    /// - Returns: the pairs, and the columns whose sequence has none at the destination.
    static func pairs(
        _ source: [OwnedSequence], _ destination: [OwnedSequence], columns: [String]
    ) -> (pairs: [SequencePair], unpaired: [Unpaired]) {
        var pairs: [SequencePair] = []
        var unpaired: [Unpaired] = []
        for column in columns {
            let own = source.filter { isSameName($0.column, column) }
            let others = destination.filter { isSameName($0.column, column) }
            for sequence in own {
                let namesake = others.first { isSameName($0.name.parts.last ?? "", sequence.name.parts.last ?? "") }
                let only = own.count == 1 && others.count == 1 ? others.first : nil
                if let other = namesake ?? only {
                    pairs.append(SequencePair(source: sequence, destination: other))
                } else if unpaired.last?.column != column {
                    unpaired.append(Unpaired(column: column, ownsOthers: !others.isEmpty))
                }
            }
        }
        return (pairs, unpaired)
    }

    /// The statements that set it, never backwards.
    /// - Parameters:
    ///   - increment: that of the destination's by now.
    ///   - value: where the source's stands, and whether that was given out already.
    func statements(_ value: (last: String, isCalled: Bool), increment: Int) -> (
        lock: PipelineMessage?, set: PipelineMessage
    ) {
        let step = value.isCalled ? increment : 0
        // What a sequence will give next here is what counts; beyond its last value there may be no bigint.
        let next = "(\(value.last)::pg_catalog.numeric OPERATOR(pg_catalog.+) \(step)::pg_catalog.numeric)"
        let own = """
            (s.last_value::pg_catalog.numeric OPERATOR(pg_catalog.+) \
            CASE WHEN s.is_called THEN \(increment) ELSE 0 END::pg_catalog.numeric)
            """
        let further = increment > 0 ? ">" : "<"
        let set = """
            SELECT s.tableoid, CASE WHEN \(next) OPERATOR(pg_catalog.\(further)) \(own) \
            THEN pg_catalog.setval(\(quoteLiteral(destination.oid))::pg_catalog.oid::pg_catalog.regclass, \
            \(value.last), \(value.isCalled)) END FROM \(destination.name.quoted) s
            """
        // Whoever alters a sequence has it for himself, in a file of its own: so setval is rolled back as well.
        let lock = "ALTER SEQUENCE \(destination.name.quoted) INCREMENT BY \(increment)"
        return (destination.isOwner ? .statement(lock) : nil, .statement(set))
    }
}

extension Catalog {
    /// The question for the sequences that columns of tables own.
    static func sequencesQuestion(_ tables: [Lookup.Found]) -> PipelineMessage {
        .statement(
            """
            SELECT t.place, a.attname, n.nspname, s.relname, s.oid, q.seqincrement, \
            pg_catalog.has_sequence_privilege(s.oid, 'SELECT'), pg_catalog.has_sequence_privilege(s.oid, 'UPDATE'), \
            pg_catalog.pg_has_role(s.relowner, 'USAGE') \
            FROM pg_catalog.unnest($1::pg_catalog.oid[]) WITH ORDINALITY t(oid, place) \
            JOIN pg_catalog.pg_depend d ON d.refobjid OPERATOR(pg_catalog.=) t.oid \
            AND d.refclassid OPERATOR(pg_catalog.=) '1259'::pg_catalog.oid \
            AND d.classid OPERATOR(pg_catalog.=) '1259'::pg_catalog.oid AND d.refobjsubid OPERATOR(pg_catalog.>) 0 \
            AND d.deptype OPERATOR(pg_catalog.=) ANY ('{a,i}') \
            JOIN pg_catalog.pg_class s ON s.oid OPERATOR(pg_catalog.=) d.objid AND s.relkind OPERATOR(pg_catalog.=) 'S' \
            JOIN pg_catalog.pg_sequence q ON q.seqrelid OPERATOR(pg_catalog.=) s.oid \
            JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) s.relnamespace \
            JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) t.oid \
            AND a.attnum OPERATOR(pg_catalog.=) d.refobjsubid
            """, [arrayLiteral(tables.map(\.oid))])
    }

    /// The answer, by place.
    static func sequences(_ result: QueryResult, count: Int) -> [[OwnedSequence]] {
        var sequences: [[OwnedSequence]] = Array(repeating: [], count: count)
        for row in 0..<result.rowCount {
            guard let place = result.value(row, 0).flatMap({ Int($0) }) else { continue }
            func name(_ column: Int) -> String { result.name(row, column) ?? "" }
            sequences[place - 1].append(
                OwnedSequence(
                    column: name(1), name: SQLName([name(2), name(3)]), oid: result.value(row, 4) ?? "",
                    increment: result.value(row, 5).flatMap { Int($0) } ?? 1, mayRead: result.value(row, 6) == "t",
                    mayUpdate: result.value(row, 7) == "t", isOwner: result.value(row, 8) == "t"))
        }
        return sequences
    }

    /// The question for what is to be known of these, as far as they are sequences, whoever owns them.
    static func standingSequencesQuestion(_ oids: [String]) -> PipelineMessage {
        .statement(
            """
            SELECT 1, '', n.nspname, s.relname, s.oid, q.seqincrement, \
            pg_catalog.has_sequence_privilege(s.oid, 'SELECT'), false, false \
            FROM pg_catalog.pg_sequence q JOIN pg_catalog.pg_class s ON s.oid OPERATOR(pg_catalog.=) q.seqrelid \
            JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) s.relnamespace \
            WHERE q.seqrelid OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.oid[])
            """, [arrayLiteral(oids)])
    }

    /// The question for the increments of sequences: others may have altered them since they were planned.
    static func incrementsQuestion(_ sequences: [OwnedSequence]) -> PipelineMessage {
        .statement(
            """
            SELECT q.seqrelid, q.seqincrement FROM pg_catalog.pg_sequence q \
            WHERE q.seqrelid OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.oid[])
            """, [arrayLiteral(sequences.map(\.oid))])
    }

    /// The answer, by OID.
    static func increments(_ result: QueryResult) -> [String: Int] {
        var increments: [String: Int] = [:]
        for row in 0..<result.rowCount {
            increments[result.value(row, 0) ?? ""] = result.value(row, 1).flatMap { Int($0) }
        }
        return increments
    }

    /// The question where sequences stand, an array: no snapshot hides that.
    static func sequenceValuesQuestion(_ sequences: ArraySlice<OwnedSequence>) -> PipelineMessage {
        let values = sequences.map {
            "(SELECT pg_catalog.concat(s.last_value, ':', s.is_called) FROM \($0.name.quoted) s)"
        }
        return .statement("SELECT ARRAY[\(values.joined(separator: ", "))]")
    }

    /// The answer, in the order of the sequences.
    static func sequenceValues(_ result: QueryResult) -> [(last: String, isCalled: Bool)] {
        (result.value(0, 0) ?? "").split { "{,}".contains($0) }.map { text in
            let parts = text.split(separator: ":")
            return (String(parts.first ?? ""), parts.last == "t")
        }
    }
}
