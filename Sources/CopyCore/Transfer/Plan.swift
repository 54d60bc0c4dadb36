// What is copied from where to where, and how: a value.

/// What a run does once everything is known; nothing is asked any more.
struct Plan: Sendable {
    /// In the order in which their rows flow, where they go through one stream.
    var tables: [TablePlan]
    /// What streams take; and how many there are.
    var units: [Division.Unit]
    var streams = 1
    /// Of each destination, by its place, tables that are to be emptied in a transaction of their own before all others: they are
    /// divided, and hold rows.
    var emptiedFirst: [Int: [Int]] = [:]
    /// Tables tied to each other are not all of one stream's.
    var breaksShares = false
    /// Foreign keys go in a circle: they are checked behind the last row.
    var defersConstraints = false
    /// Destinations that are left out, the others go on.
    var refused: [(place: Int, refusal: PgcopyError)] = []
    /// What was decided that was left open, for a person.
    var decisions: [String] = []

    /// The table whose rows come first.
    var first: TablePlan { tables[units.first?.pieces.first?.table ?? 0] }

    /// Several statements read the rows, or they may be those of any of several tables.
    var isSeries: Bool { tables.count > 1 || units.count > 1 || units.first?.pieces.count ?? 1 > 1 }

    /// What is copied of them, one stream's behind the other's.
    var pieces: [Division.Piece] { units.flatMap(\.pieces) }

    func part(_ piece: Division.Piece) -> Part { tables[piece.table].part(piece) }

    /// Whether a destination's table held rows before it was emptied.
    func heldRows(_ place: Int) -> Bool { tables.contains { $0.landings[place]?.heldRows ?? false } }

    /// A destination's tables, in the order in which their rows come.
    func landings(_ place: Int) -> [TablePlan.Landing] { tables.compactMap { $0.landings[place] } }
}

/// What is done with one table, or with the rows of a query, a file, a stream.
struct TablePlan: Sendable {
    /// What is read.
    enum Rows: Sendable {
        case table(TableShape, columns: [String], condition: String?, computed: [ComputedColumn.Typed])
        /// With other names for its columns.
        case query(String, columns: [String]?)
        /// A file or stream, or nothing.
        case bytes
    }

    /// Where rows land at one destination that is a server.
    struct Landing: Sendable {
        let table: TableShape
        /// Rows that were there before it was emptied.
        let heldRows: Bool
        /// How large it is, where that was asked.
        var size: TableSize?
        /// Sequences of its columns that are to go on where the source's stand, and columns of the source's that have none here.
        var sequences: [SequencePair] = []
        var unpairedColumns: [SequencePair.Unpaired] = []
        /// How its rows come from a staging table; nil: they are loaded at once.
        var upsert: Upsert?
        /// The COPY that loads it, or its staging table.
        var statement: String
    }

    /// What is read.
    let rows: Rows
    /// Among the values are names, which the user's search_path would shorten.
    let pinsNames: Bool
    /// COPY's options on all sides.
    let options: CopyOptions
    /// By the destination's place in the request; none for a file or stream.
    let landings: [Int: Landing]
    /// How the end of a file or stream is looked at.
    let streamRules: StreamRules
    /// What was decided that was left open, for a person.
    let decisions: [String]
    /// Destinations that are left out, the others go on.
    let refused: [(place: Int, refusal: PgcopyError)]
    /// How large the source's table is, where that was asked.
    var size: TableSize?
    /// Why it is not divided, although it is large.
    var undivided: String?

    /// The table that is read; nil: rows are of none.
    var source: TableShape? { if case .table(let table, _, _, _) = rows { table } else { nil } }

    /// The table by which the rows are named: that of the source, or else the first one they land in.
    var namesake: TableShape? { source ?? landings.min { $0.key < $1.key }?.value.table }

    /// How it is named among others.
    var label: String { namesake?.name.parts.joined(separator: ".") ?? "the rows" }

    /// The COPY that reads the rows; nil where no server gives them.
    var statement: String? { statement(nil) }

    /// The COPY that reads what of the table is to be read.
    func statement(_ piece: Division.Piece?) -> String? {
        switch rows {
        case .table(let table, let columns, let condition, let computed):
            CopyStatement.out(
                table, columns: columns, condition: condition, computed: computed, pinsNames: pinsNames,
                options: options,
                piece: piece)
        case .query(let query, let columns):
            CopyStatement.out(query: query, columns: columns, pinsNames: pinsNames, options: options)
        case .bytes: nil
        }
    }

    fileprivate func part(_ piece: Division.Piece) -> Part {
        Part(
            label: label, name: piece.name, table: piece.table, size: piece.bytes, out: statement(piece) ?? "",
            into: landings.mapValues(\.statement), layout: options.layout, messagesWithoutRow: messagesWithoutRow)
    }

    /// Messages of the source that are no row: the trailer of the binary format, the header line a server writes.
    var messagesWithoutRow: Int { options.format == .binary || options.header && statement != nil ? 1 : 0 }
}

/// Why there is no plan: everything that was found, each with whom it is about.
struct Refusals: Error {
    /// The source's.
    var source: PgcopyError?
    /// By the destination's place.
    var destinations: [(place: Int, refusal: PgcopyError)] = []
    /// The run's as a whole.
    var run: PgcopyError?

    /// As well what stands in another table's way.
    mutating func add(_ more: Refusals) {
        if let refusal = more.source { source = source.map { $0.and(refusal) } ?? refusal }
        for (place, refusal) in more.destinations { add(refusal, place) }
        run = run ?? more.run
    }

    mutating func add(_ refusal: PgcopyError, _ place: Int) {
        if let index = destinations.firstIndex(where: { $0.place == place }) {
            destinations[index].refusal = destinations[index].refusal.and(refusal)
        } else {
            destinations.append((place, refusal))
        }
    }

    var isEmpty: Bool { source == nil && destinations.isEmpty && run == nil }
}

extension PgcopyError {
    /// Both, a line each.
    fileprivate func and(_ other: PgcopyError) -> PgcopyError {
        PgcopyError(isUsageError ? code : other.code, "\(message)\n\(other.message)", endpoint: endpoint)
    }
}
