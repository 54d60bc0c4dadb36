// What a server answered under its lock.

extension Preparation {
    /// 55P03: lock_not_available; 40P01: deadlock_detected, where one statement takes several locks.
    var isBusy: Bool {
        switch (part.failure as? PgcopyError)?.server?.sqlState {
        case "55P03": lockTimeout != nil
        case "40P01": true
        default: false
        }
    }

    /// LOCK TABLE does not take such a relation, or not from this role, or not so many (53200).
    var lockIsRefused: Bool {
        ["42501", "42809", "53200"].contains(lockFailure)
    }

    /// The SQLSTATE that LOCK TABLE was refused with.
    private var lockFailure: String? {
        lockResults.lazy.compactMap { result in
            if case .failure(let error as PgcopyError) = result.outcome { error.server?.sqlState } else { nil }
        }.first
    }

    /// There is no table of the name that was found; what was asked for may stand for another one by now.
    var isGone: Bool {
        leader == nil && !found.isEmpty && ["42P01", "3F000"].contains(lockFailure)
    }

    /// Whether rows may flow. A failure that is none of these is thrown by what asks for the answers.
    func state() -> State {
        changed = found.map(\.name.quoted)
        if lockIsRefused {
            usesLockTable = false
            return .cannotLock
        }
        if isBusy { return .busy }
        if isGone {
            isMisnamed = true
            return .changed
        }
        let shapes = (try? shapes()) ?? []
        // A name stands for another table now, perhaps of a kind that what followed does not take.
        let others = shapes.enumerated().filter { place, shape in
            shape.map { !$0.isLocked || $0.kind != found[place].kind } ?? false
        }
        if !others.isEmpty {
            changed = others.map { found[$0.offset].name.quoted }
            for (place, shape) in others { found[place].kind = shape?.kind ?? found[place].kind }
            return .changed
        }
        // Tables were exchanged between the look and the lock: what was asked by the old one's number is of no use.
        let misnamed = zip(found, shapes).filter { found, shape in
            shape.map {
                !$0.isAsked || $0.oid != found.oid || !$0.name.parts.elementsEqual(found.name.parts, by: isSameName)
            } ?? false
        }
        if !misnamed.isEmpty {
            changed = misnamed.map(\.0.name.quoted)
            isMisnamed = true
            return .changed
        }
        guard part.failure == nil else { return .ready }
        if let names = try? locked?.writtenOrChanged, !names.isEmpty {
            changed = names
            return .changed
        }
        for (place, shape) in shapes.enumerated() {
            guard let shape, case .success(let result) = describedResults[place]?.outcome else { continue }
            let now = result.columns
            // A domain is described as what it is made of. That its column was altered is seen by who wrote the row.
            let same =
                now.count == shape.columns.count
                && zip(now, shape.columns).allSatisfy { now, column in
                    isSameName(now.name, column.name)
                        && (now.type == column.type || !TypeGraph.unknown([column.type]).isEmpty)
                }
            if !same {
                changed = [shape.name.quoted]
                return .changed
            }
        }
        return .ready
    }

    /// The snapshot that it is to read in is not there.
    var lacksSnapshot: Bool {
        guard snapshot != nil, case .failure(let error as PgcopyError) = snapshotResult?.outcome else { return false }
        return error.server != nil && (part.failure as? PgcopyError)?.server == error.server
    }

    /// What it was to lock by names that were found before is not there under these.
    var isMisnamedByNow: Bool { ["42P01", "3F000"].contains(lockFailure) }

    /// What a source has locked.
    var locked: LockedRelations? {
        get throws {
            if isLockedFirst { return LockedRelations(tables: try (leader ?? self).tables()) }
            return try lockedResult.map { try Catalog.locked($0.get()) }
        }
    }

    /// Throws the first failure.
    func check() throws {
        if let snapshot, lacksSnapshot, let error = part.failure as? PgcopyError {
            throw PgcopyError(
                error.code, "the snapshot \(Echo.quoted(snapshot)) is not there: \(error)",
                hint: "it lasts as long as the transaction that exported it, on the same server and database")
        }
        if case .failure(let error as PgcopyError) = roleResult?.outcome, error.server?.sqlState == "42501" {
            throw PgcopyError(
                .refused, "--disable-triggers: this role may not set session_replication_role",
                hint:
                    "a superuser may, and from PostgreSQL 15 on whom GRANT SET ON PARAMETER session_replication_role names"
            )
        }
        for case .failure(let error as PgcopyError) in computedResults.map(\.outcome)
        where ComputedColumn.ofManyRows.contains(error.server?.sqlState ?? "")
            && part.failure.map({ "\($0)" == "\(error)" }) ?? false
        {
            throw PgcopyError(
                .refused,
                "--set: an expression is of one row, and gives one value: \(error.server?.message ?? "it has more")",
                hint: "a subquery in parentheses may look at others")
        }
        // What TRUNCATE says names only one.
        if (part.failure as? PgcopyError)?.server?.sqlState == "0A000",
            let refusal = try? obstacles()?.refusal(of: .truncate, disablesTriggers: false)
        {
            throw refusal
        }
        do {
            try part.check()
        } catch let error as PgcopyError where ["42P01", "3F000"].contains(error.server?.sqlState) {
            // By its name alone: in a query, among many, in what the user or a trigger says it may be anything.
            let isAnothers = othersResults.contains { result in
                if case .failure(let other as PgcopyError) = result.outcome {
                    other.server == error.server
                } else {
                    false
                }
            }
            guard found.count == 1, !isAnothers else { throw error }
            throw PgcopyError.noTable(found[0].name)
        }
    }

    /// The tables, in the order they were asked for.
    func tables() throws -> [TableShape] {
        try check()
        let shapes = try shapes()
        let missing = found.indices.filter { !shapes.indices.contains($0) || shapes[$0] == nil }
        guard missing.isEmpty else { throw PgcopyError.noTables(missing.map { found[$0].name }) }
        return shapes.compactMap { $0 }
    }

    private func shapes() throws -> [TableShape?] {
        guard let reader, let tablesResult, let columnsResult else { return [] }
        _ = try (tablesResult.get(), columnsResult.get())
        return reader.tables
    }

    /// There is no table of that name.
    var lacksTable: Bool {
        (part.failure as? PgcopyError)?.server.map { ["42P01", "3F000"].contains($0.sqlState) } ?? false
    }

    /// The server refused something, which is looked into step by step. Whoever was stopped, and who was silent, is not
    /// asked again (class 57: operator intervention).
    var isRefused: Bool {
        guard let error = part.failure as? PgcopyError, error.timeout == nil, session.connection.isUsable else {
            return false
        }
        return error.server.map { !$0.sqlState.hasPrefix("57") } ?? false
    }

    /// What was locked by the name that was asked for, and its server: that this session holds its lock is the proof. Nil:
    /// it is to be looked up first, which tells what is wrong.
    func foundAtOnce() throws -> (Lookup.Found, Lookup.Server)? {
        guard part.failure == nil, found.count == 1, let asked = found.first?.asked,
            let shape = try shapes().first ?? nil, let serverResult
        else { return nil }
        guard shape.isLocked, !shape.isTemporary,
            zip(asked.parts.reversed(), shape.name.parts.reversed()).allSatisfy(isSameName)
        else { return nil }
        let found = Lookup.Found(
            asked: asked, name: asked.inside(shape.name.parts[0]), kind: shape.kind, oid: shape.oid,
            parents: shape.parents)
        var server = Catalog.server(try serverResult.get(), session.connection)
        // Of a standby's tables not all have rows.
        guard !server.cluster.isInRecovery else { return nil }
        self.found = [found]
        server.canNoticeClient = try settingsResult?.get().value(0, SessionSettings.noticingPlace) != nil
        return (found, server)
    }

    /// An ordinary table, of which nothing else need be locked.
    var isPlain: Bool {
        found.count == 1 && found[0].kind == "r" && (try? shapes())?.first??.columns.isEmpty == false
    }

    /// What patterns stand for at the snapshot; nil: there are none.
    func selected() throws -> [TableSelection.Selected]? {
        guard let selection, let selectionResult else { return nil }
        return try selection.resolve(Catalog.matches(try selectionResult.get()))
    }

    /// What stands in the way of emptying the run's tables; nil: that was not asked.
    func obstacles() throws -> Obstacles? { try obstaclesResult.map { Catalog.obstacles(try $0.get()) } }

    /// Which tables held rows before they were emptied.
    func heldRows() throws -> [Bool] {
        try heldResult.map { Catalog.holdRows(try $0.get()) } ?? found.map { _ in false }
    }

    /// The backend itself, once it has answered; a pooler gives its clients numbers of its own.
    var backendPID: Int32? {
        guard case .success(let result) = settingsResult?.outcome else { return nil }
        return result.value(0, 0).flatMap { Int32($0) }
    }

    /// How long its server goes on without us, where the way there is dead; nil: nothing was begun.
    var lingering: TransferOutcome.Lingering? {
        guard let seconds = deadLink, case .success(let result) = settingsResult?.outcome else { return nil }
        let own = result.value(0, result.columnCount - 1)
        // The last probe is waited for, too.
        return own == "\(SessionSettings.deadLinkSettingCount)"
            ? .atMost(.seconds(seconds + SessionSettings.deadLinkInterval)) : .itsOwnSettings
    }

    /// All of it, but for types: of each table, or of the query. It is not kept here.
    func takeAnswers() throws -> [Answers] {
        defer { forgetAnswers() }
        let connection = session.connection
        let peer = TypeHistory.Peer(
            serverVersion: connection.serverVersion, encoding: connection.parameterStatus("server_encoding"))
        guard !found.isEmpty else { return [Answers(columns: try columns(), peer: peer)] }
        let references =
            try referencesResult.map { Catalog.references(try $0.get(), count: found.count) } ?? found.map { _ in [] }
        let sizes = try sizes()
        let sequences = try sequencesResult.map { Catalog.sequences(try $0.get(), count: found.count) }
        let uniqueIndexes = try uniqueIndexesResult.map { Catalog.uniqueIndexes(try $0.get(), count: found.count) }
        let heldRows = try heldRows()
        let (leaves, keys) = try cuts()
        return try tables().enumerated().map { place, table in
            var answers = Answers(
                table: table, heldRows: heldRows[place], references: references[place], size: sizes[place], peer: peer)
            answers.sequences = sequences?[place] ?? []
            answers.computed = found[place].computed
            answers.uniqueIndexes = uniqueIndexes?[place] ?? []
            answers.isReadable = found[place].isReadable
            answers.note(leaves[place] ?? [], keys[place])
            // ctid is the whole table's.
            if !answers.isReadable { answers.cuts = .none("this role may not read all of it") }
            return answers
        }
    }

    /// How large its tables are, where that was asked.
    func sizes() throws -> [TableSize?] {
        guard let sizesResult else { return found.map { _ in nil } }
        return zip(found, Catalog.sizes(try sizesResult.get(), count: found.count)).map { table, size in
            var size = size
            // Those of an only partition are not its own.
            if !"rm".contains(table.kind) { size?.blocks = nil }
            return size
        }
    }

    private func cuts() throws -> (leaves: [Int: [Division.Leaf]], keys: [Int: Catalog.PrimaryKey]) {
        func byPlace<Value>(
            _ asked: (places: [Int], result: PipelineResult)?, _ read: (QueryResult, Int) -> [Value]
        ) throws -> [Int: Value] {
            guard let (places, result) = asked else { return [:] }
            return Dictionary(uniqueKeysWithValues: zip(places, try read(result.get(), places.count)))
        }
        return (try byPlace(leaves, Catalog.leaves), try byPlace(keys, Catalog.keys))
    }

    /// Which server a stream that joins is connected to; nil: that was not asked.
    func joined() throws -> Lookup.Server? {
        guard leader != nil, let serverResult else { return nil }
        return Catalog.server(try serverResult.get(), session.connection)
    }

    /// Asks what types are made of.
    func askTypes(_ oids: [UInt32], _ part: PipelinePart) -> PipelineResult {
        let question = Catalog.typesQuestion(oids, for: session.version)
        // To compile it took seconds. The user's own query may be worth it.
        setJIT("= off", part)
        let result = part.ask(question)
        setJIT("TO DEFAULT", part)
        types = (oids, result)
        return result
    }

    private func setJIT(_ value: String, _ part: PipelinePart) {
        guard session.version.compilesQueries else { return }
        part.ask(.statement("SET LOCAL jit \(value)"))
    }

    /// Asks whether they are still that; gives what throws where they are not, once that is answered.
    func checkTypesAgain(_ part: PipelinePart) -> () throws -> Void {
        guard types != nil || !isLockedFirst else { return {} }
        setJIT("= off", part)
        if case .source = role, !isLockedFirst {
            // A query computes with columns that it does not give.
            let result = part.ask(
                Catalog.lockedTypesQuestion(
                    and: types?.oids ?? [], for: session.version))
            return { [self] in try requireNone(Catalog.typeVersions(try result.get()).replaced.sorted()) }
        }
        guard let types, case .success(let before) = types.result.outcome else { return {} }
        let result = part.ask(Catalog.typesQuestion(types.oids, for: session.version))
        return { [self] in
            try requireNone(
                Catalog.typeVersions(try result.get()).altered(since: Catalog.typeVersions(before)))
        }
    }

    private func requireNone(_ altered: [String]) throws {
        guard altered.isEmpty else {
            let place = if case .source = role { "" } else { " here" }
            throw PgcopyError(
                .refused,
                "the type \(altered.joined(separator: ", ")) was altered while its values were copied; "
                    + "nothing was committed\(place), run it again")
        }
    }

    /// Names that several of its tables bear.
    private var namesakes: Set<String> {
        var seen: Set<String> = []
        return Set((leader ?? self).found.compactMap { $0.name.parts.last }.filter { !seen.insert($0).inserted })
    }

    /// Asks what became of what a source has locked; gives what tells, once that is answered.
    /// - Returns: the names of what has changed, for a person.
    func lookAgain(_ part: PipelinePart) -> () throws -> [String] {
        guard isLockedFirst, let tables = try? (leader ?? self).tables() else {
            let result = part.ask(Catalog.lockedQuestion(session))
            return { [self] in
                try locked.map { try Catalog.locked(result.get()).changed(since: $0, copied: namesakes) } ?? []
            }
        }
        let result = part.ask(Catalog.stillAloneQuestion(tables))
        return { [self] in
            if try result.get().value(0, 0) == "t" { return [] }
            let now = try session.answer(to: Catalog.lockedQuestion(session), timeout: part.timeout)
            return try locked.map { Catalog.locked(now).changed(since: $0, copied: namesakes) } ?? []
        }
    }

    /// What tells whether the query's columns are still those that were described; nil where rows are a table's.
    func describeAgain(_ part: PipelinePart) -> PipelineResult? {
        guard case .query(let query) = rows else { return nil }
        // Values that are names were written under an empty one.
        part.ask(.statement("SET LOCAL search_path TO DEFAULT"))
        part.ask(.prepare(query))
        return part.ask(.describe)
    }

    /// The names and types of the query's columns.
    func columns() throws -> [(name: String, type: UInt32)] {
        try part.check()
        return try describedResults[0]?.get().columns ?? []
    }
}
