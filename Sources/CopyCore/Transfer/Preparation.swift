// What a server is asked before its rows flow: locks first, then all that has to be known.

/// The transaction of a server, its settings, the lock on its table, and what the catalogs say under that lock.
///
/// A source's snapshot is taken by the first question behind the lock: what was committed before is seen, and nothing
/// can empty or rewrite the table any more. What cannot be locked by LOCK TABLE is locked by parsing a statement that
/// names it, which takes the snapshot first; so whether something happened in between is asked as well.
final class Preparation {
    /// Which side it is.
    enum Role {
        /// Read in one snapshot.
        case source
        /// Loaded, and perhaps emptied before.
        /// - deadLink: seconds after which its server is to notice that the way to us is dead.
        case destination(isEmptied: Bool, overridesReadOnly: Bool, deadLink: Int?)
    }

    /// What is asked for.
    enum Rows {
        case table(Lookup.Found)
        case query(String)
        /// A condition is the user's own SQL: it keeps the user's search_path.
        case tableWithCondition(Lookup.Found)
    }

    /// How far it is.
    enum State {
        case ready
        /// LOCK TABLE does not take such a relation, or not from this role.
        case cannotLock
        /// Somebody else holds a lock that is in the way, and it was not to be waited for.
        case busy
        /// Something happened between the snapshot and the lock: it is to begin anew.
        case changed
    }

    let session: Session
    /// To be run with those of the other servers; nothing here is answered before.
    private(set) var part: PipelinePart
    private let role: Role
    private let rows: Rows
    /// What the name stood for at the last look.
    private var found: Lookup.Found?
    private let keepLockTimeout: Bool
    private let pinsMoney: Bool
    private let withTypes: Bool
    private let isVital: Bool

    /// Seconds for which locks that others hold are waited for; nil: as long as it takes.
    private var patience: Double?
    private var isBegun = false
    /// What did not stay as it was found.
    private(set) var changed: [String] = []

    /// Locked by LOCK TABLE; else by parsing.
    private var usesLockTable: Bool
    private var lockResult: PipelineResult?
    private var settingsResult: PipelineResult?
    private var tableResult: PipelineResult?
    private var typesResult: PipelineResult?
    private var columnsResult: PipelineResult?
    private var changedResult: PipelineResult?
    private var heldResult: PipelineResult?

    /// A preparation that asks nothing yet.
    /// - Parameters:
    ///   - keepLockTimeout: the user gave one with the connection.
    ///   - pinsMoney: as in `SessionSettings`.
    ///   - withTypes: ask for what the table's types are made of.
    ///   - isVital: as in `PipelinePart`.
    init(
        _ session: Session, _ role: Role, _ rows: Rows, keepLockTimeout: Bool, pinsMoney: Bool, withTypes: Bool,
        isVital: Bool
    ) {
        self.session = session
        self.role = role
        self.rows = rows
        self.keepLockTimeout = keepLockTimeout
        self.pinsMoney = pinsMoney
        self.withTypes = withTypes
        self.isVital = isVital
        part = PipelinePart(session, within: nil, isVital: isVital)
        switch rows {
        case .query:
            found = nil
            usesLockTable = false
        case .table(let table), .tableWithCondition(let table):
            found = table
            usesLockTable = !"mf".contains(table.kind)
        }
    }

    // MARK: Asking

    /// What lets go of everything, in a transaction that may stand idle; nil where nothing was begun.
    func release() -> PipelinePart? {
        guard isBegun, session.connection.isUsable else { return nil }
        part = PipelinePart(session, within: nil, isVital: isVital)
        begin()
        return part
    }

    /// Makes the part that asks everything, after what was begun before is undone.
    /// - Parameters:
    ///   - seconds: as in `PipelinePart`.
    ///   - patience: seconds for which a lock that another holds is waited for, then it is `busy`; nil: no end.
    func ask(within seconds: Double?, patience: Double?) {
        part = PipelinePart(session, within: seconds, isVital: isVital)
        part.isAskedAgain = { [unowned self] in lockIsRefused || isBusy }
        self.patience = patience
        begin()
        if let patience {
            part.ask(.statement("SET LOCAL lock_timeout = '\(Int(patience * 1000))ms'"))
        } else if !keepLockTimeout {
            part.ask(.statement("SET LOCAL lock_timeout = '0'"))
        }
        switch role {
        case .source:
            // The settings are a question already: they take the snapshot.
            lock()
            askForPatience()
            askSettings()
            askRows()
            changedResult = part.ask(Catalog.changedQuestion(serverVersion: session.connection.serverVersion))
        case .destination:
            // Whom we wait for is known by the backend's own number: it is to come before the wait.
            askSettings()
            lock()
            askRows()
            empty()
            askForPatience()
        }
        if case .table = rows { part.ask(Catalog.secureSearchPath) }
    }

    private func begin() {
        if isBegun { part.ask(.statement("ROLLBACK")) }
        isBegun = true
        switch role {
        case .source: part.ask(.statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        case .destination(_, let overridesReadOnly, _):
            part.ask(.statement("BEGIN ISOLATION LEVEL READ COMMITTED" + (overridesReadOnly ? " READ WRITE" : "")))
        }
        for setting in SessionSettings.first(session.connection) { part.ask(.statement(setting)) }
    }

    /// The locks are had.
    private func askForPatience() {
        if patience != nil { part.ask(.statement("SET LOCAL lock_timeout = \(keepLockTimeout ? "DEFAULT" : "'0'")")) }
    }

    private func askSettings() {
        settingsResult = part.ask(
            .statement(
                SessionSettings.statement(session.connection, pinsMoney: pinsMoney, deadLink: deadLink)),
            answeredAtOnce: true)
    }

    private var deadLink: Int? { if case .destination(_, _, let seconds) = role { seconds } else { nil } }

    private func lock() {
        lockResult = nil
        columnsResult = nil
        if let found, usesLockTable {
            lockResult = part.ask(.statement("LOCK TABLE \(lockTarget(found)) IN \(lockMode) MODE"))
        } else if let found {
            // The columns as they are now, whatever the snapshot says of them.
            part.ask(.prepare("SELECT * FROM \(found.name.quoted)"))
            columnsResult = part.ask(.describe)
        } else if case .query(let query) = rows {
            part.ask(.prepare(query))
            columnsResult = part.ask(.describe)
            // Planning locks what parsing does not: the children of its tables.
            part.ask(.statement("EXPLAIN (COSTS off)\n" + query))
        }
    }

    /// A source's partitions are read, those of a destination may be emptied; rows find theirs by themselves.
    private func lockTarget(_ found: Lookup.Found) -> String {
        if case .destination(false, _, _) = role { return "ONLY " + found.name.quoted }
        return found.only + found.name.quoted
    }

    /// The strongest that will be needed: a stronger one later makes two runs wait for each other.
    private var lockMode: String {
        switch role {
        case .source: "ACCESS SHARE"
        case .destination(true, _, _): "ACCESS EXCLUSIVE"
        case .destination(false, _, _): "ROW EXCLUSIVE"
        }
    }

    private func askRows() {
        guard let found else { return }
        let version = session.connection.serverVersion
        tableResult = part.ask(Catalog.tableQuestion(found.name, serverVersion: version))
        if withTypes { typesResult = part.ask(Catalog.typesQuestion(of: found.name, serverVersion: version)) }
    }

    /// A destination's table, in the transaction that loads it: all of that can still be undone.
    private func empty() {
        guard case .destination(true, _, _) = role, let found else { return }
        heldResult = part.ask(Catalog.rowsQuestion(found))
        part.ask(.statement("TRUNCATE TABLE \(found.only)\(found.name.quoted)"))
    }

    // MARK: Answers

    /// 55P03: lock_not_available; 40P01: deadlock_detected, where one statement takes several locks.
    private var isBusy: Bool {
        switch (part.failure as? PQError)?.server?.sqlState {
        case "55P03": patience != nil
        case "40P01": true
        default: false
        }
    }

    /// LOCK TABLE does not take such a relation, or not from this role.
    private var lockIsRefused: Bool {
        guard case .failure(let error as PQError) = lockResult?.outcome else { return false }
        return ["42501", "42809"].contains(error.server?.sqlState)
    }

    /// Whether rows may flow. A failure that is none of these is thrown by what asks for the answers.
    func state() -> State {
        if lockIsRefused {
            usesLockTable = false
            return .cannotLock
        }
        if isBusy { return .busy }
        let shape = tableResult.flatMap { try? Catalog.table($0.get()) }
        changed = found.map { [$0.name.quoted] } ?? []
        // Its name stands for another table now, perhaps of a kind that what followed does not take.
        if let shape, !shape.isLocked || shape.kind != found?.kind {
            found?.kind = shape.kind
            return .changed
        }
        guard part.failure == nil else { return .ready }
        if case .success(let result) = changedResult?.outcome, result.rowCount > 0 {
            changed = result.firstColumn
            return .changed
        }
        guard let shape else { return .ready }
        if case .success(let result) = columnsResult?.outcome {
            let now = result.columns
            let same =
                now.count == shape.columns.count
                && zip(now, shape.columns).allSatisfy { isSameName($0.name, $1.name) && $0.type == $1.type }
            if !same { return .changed }
        }
        return .ready
    }

    /// Throws the first failure.
    func check() throws {
        do {
            try part.check()
        } catch let error as PQError where ["42P01", "3F000"].contains(error.server?.sqlState) {
            // By its name alone: in a query it may be anything.
            guard let found else { throw error }
            throw TransferRefusal.noTable(found.name)
        }
    }

    /// The table.
    func table() throws -> TableShape {
        try check()
        guard let found else { throw TransferRefusal("no table was asked for") }
        guard let table = try tableResult.flatMap({ try Catalog.table($0.get()) }) else {
            throw TransferRefusal.noTable(found.name)
        }
        return table
    }

    /// The table held rows before it was emptied.
    func heldRows() throws -> Bool { try heldResult?.get().value(0, 0) == "t" }

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
            ? .seconds(seconds + SessionSettings.deadLinkInterval) : .itsOwnSettings
    }

    /// The types of the table's columns; nil where they were not asked for.
    func types() throws -> TypeGraph? {
        try part.check()
        return try typesResult.map { try Catalog.types($0.get()) }
    }

    /// The names and types of the query's columns.
    func columns() throws -> [(name: String, type: UInt32)] {
        try part.check()
        return try columnsResult?.get().columns ?? []
    }
}
