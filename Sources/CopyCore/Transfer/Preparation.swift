// What a server is asked before its rows flow: locks first, then all that has to be known.

/// The transaction of a server, its settings, the locks on its tables, and what the catalogs say under those locks.
///
/// A source's snapshot is taken by the first question behind LOCK TABLE: what was committed before is seen, and nothing
/// can empty, rewrite or replace the table any more. What cannot be locked by LOCK TABLE, and what a query reads, is
/// locked by parsing and planning, which take the snapshot first; so whether something happened in between is asked.
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
        case query(String)
        /// A condition is the user's own SQL: it keeps the user's search_path.
        case tables([Lookup.Found], where: String?)
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
    var part: PipelinePart
    let role: Role
    let rows: Rows
    /// What the names stood for at the last look; none: rows are a query's, or it only joins.
    var found: [Lookup.Found]
    /// Others that are locked as well, to be read or loaded, but not looked at.
    let others: [Lookup.Found]
    /// Of those that it has found, by OID: empty already, and loaded by other streams, too.
    var kept: Set<String>
    /// The session that has looked for all streams; nil: it is this one.
    let leader: Preparation?
    /// Which server it is; nil: that is asked with all the rest.
    private let server: Lookup.Server?
    private let pinsMoney: Bool
    /// Another transaction's, which is read in.
    let snapshot: String?
    /// Where whom it waits for cannot be asked, its server ends a wait for a lock after so long; nil: never.
    private let lastLockTimeout: Duration?
    let isVital: Bool
    /// Those of columns, which servers share.
    private let names: SharedNames

    /// Words in the statement that locks, by which its backend is found where nothing has told its number yet: a source's first
    /// question takes the snapshot, and a pooler gives its clients numbers of its own.
    let trace = "pgcopy \(String(UInt64.random(in: .min ... .max), radix: 36))"

    /// How long locks that others hold are waited for; nil: as long as it takes.
    var lockTimeout: Duration?
    /// What did not stay as it was found.
    var changed: [String] = []
    /// The name that was asked for stands for another table than the one that was locked.
    var isMisnamed = false

    /// Locked by LOCK TABLE; else by parsing.
    var usesLockTable: Bool
    var lockResults: [PipelineResult] = []
    private(set) var settingsResult: PipelineResult?
    private(set) var tablesResult: PipelineResult?
    private(set) var columnsResult: PipelineResult?
    private(set) var reader: TableReader?
    /// Of a query, and of each table that LOCK TABLE does not take, by its place.
    var describedResults: [Int: PipelineResult] = [:]
    /// Statements in which others have their say: the user's conditions and expressions, triggers.
    var othersResults: [PipelineResult] = []
    /// Whether each expression gives one value for a row.
    var computedResults: [PipelineResult] = []
    private(set) var serverResult: PipelineResult?
    private(set) var lockedResult: PipelineResult?
    private(set) var heldResult: PipelineResult?
    var snapshotResult: PipelineResult?
    private(set) var sizesResult: PipelineResult?
    private(set) var locksResult: PipelineResult?
    /// Tables of which it is asked what stands in the way of emptying them.
    var emptiedInRun: [Lookup.Found] = []
    private(set) var obstaclesResult: PipelineResult?
    /// Triggers and foreign keys do nothing in its transaction.
    let disablesTriggers: Bool
    /// Partitions that rows may come to are locked as well.
    var locksPartitions = false
    /// Of two runs that change rows the second is to see what the first has loaded.
    var takesTurns = false
    private(set) var roleResult: PipelineResult?
    /// How large its tables are is asked as well.
    var asksSizes = false
    /// Whether they hold rows, although they are not emptied.
    var asksRows = false
    /// Where its tables can be cut.
    private(set) var leaves: (places: [Int], result: PipelineResult)?
    private(set) var keys: (places: [Int], result: PipelineResult)?
    /// Which of its tables refer to each other.
    var asksReferences = false
    /// Which sequences its columns own.
    var asksSequences = false
    private(set) var sequencesResult: PipelineResult?
    /// Which columns its unique indexes are of.
    var asksUniqueIndexes = false
    private(set) var uniqueIndexesResult: PipelineResult?
    /// What patterns stand for is asked again, as the snapshot has it.
    var selection: TableSelection?
    private(set) var selectionResult: PipelineResult?
    private(set) var referencesResult: PipelineResult?
    /// The types that were asked for, and the answer.
    var types: (oids: [UInt32], result: PipelineResult)?

    /// A preparation that asks nothing yet.
    /// - Parameters:
    ///   - server: which it is; nil: it is found out when its table is locked.
    ///   - others, kept, leader: where there are many streams, as the properties.
    ///   - pinsMoney: as in `SessionSettings`.
    ///   - isVital: as in `PipelinePart`.
    init(
        _ session: Session, at server: Lookup.Server?, _ role: Role, _ rows: Rows, pinsMoney: Bool,
        snapshot: String? = nil, lastLockTimeout: Duration? = nil, others: [Lookup.Found] = [], kept: Set<String> = [],
        leader: Preparation? = nil, disablesTriggers: Bool = false, isVital: Bool, names: SharedNames = SharedNames()
    ) {
        self.names = names
        self.snapshot = snapshot
        self.others = others
        self.kept = kept
        self.leader = leader
        self.lastLockTimeout = lastLockTimeout
        self.disablesTriggers = disablesTriggers
        self.session = session
        self.role = role
        self.rows = rows
        self.server = server
        self.pinsMoney = pinsMoney
        self.isVital = isVital
        part = PipelinePart(session, timeout: nil, isVital: isVital)
        switch rows {
        case .query:
            found = []
            usesLockTable = false
        case .tables(let tables, _):
            found = tables
            usesLockTable = leader?.usesLockTable ?? true
        }
    }

    // MARK: Asking

    /// Keeps no more than is asked for behind planning: many tables say much.
    func forgetAnswers() {
        part = PipelinePart(session, timeout: part.timeout, isVital: isVital)
        reader?.forgetColumns()
    }

    /// What lets go of everything, in a transaction that may stand idle; nil where the connection is gone.
    func release(timeout: Duration?) -> PipelinePart? {
        guard session.connection.isUsable else { return nil }
        part = PipelinePart(session, timeout: timeout, isVital: isVital)
        begin()
        return part
    }

    /// Makes the part that asks everything, after what was begun before is undone.
    /// - Parameters:
    ///   - timeout: as in `PipelinePart`.
    ///   - lockTimeout: how long a lock that another holds is waited for, then it is `busy`; nil: no end.
    func ask(timeout: Duration?, lockTimeout: Duration?) {
        part = PipelinePart(session, timeout: timeout, isVital: isVital)
        part.isAskedAgain = { [unowned self] in
            server == nil ? isRefused : lockIsRefused || isBusy || isGone
        }
        self.lockTimeout = lockTimeout
        begin()
        if let lockTimeout {
            part.ask(.statement(SessionSettings.lockTimeout(lockTimeout)))
        } else if !keepLockTimeout {
            part.ask(.statement(lastLockTimeoutSetting))
        }
        switch role {
        case .source:
            // Whatever is asked takes the snapshot.
            lock()
            askForLockTimeout()
            askSettings()
            askRows()
            if !isLockedFirst { lockedResult = part.ask(Catalog.lockedQuestion(session)) }
        case .destination:
            // Whom we wait for is known by the backend's own number: it is to come before the wait.
            askSettings()
            roleResult = disablesTriggers ? part.ask(.statement(SessionSettings.withoutTriggers)) : nil
            lock()
            askRows()
            empty()
            askForLockTimeout()
        }
        if server == nil || leader != nil { serverResult = part.ask(Catalog.serverQuestion(noticing: false)) }
        if case .tables(_, nil) = rows, !computes { part.ask(Catalog.secureSearchPath) }
        if found.count * Catalog.locksOfEmptying >= Catalog.manyLocks { locksResult = part.ask(Catalog.locksQuestion) }
    }

    private var keepLockTimeout: Bool { server?.hasOwnLockTimeout ?? false }

    /// Asks anew what the names stand for.
    func lookUpAgain(timeout: Duration?) throws {
        isMisnamed = false
        guard !found.isEmpty, session.connection.isUsable else { return }
        let part = PipelinePart(session, timeout: timeout, isVital: isVital)
        part.beginAnew("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY")
        let asked = found.map(\.asked)
        // What is computed was resolved for other tables than these.
        guard !computes else { throw PgcopyError.sourceChanged(found.map(\.name.quoted), isStuck: true) }
        let result = part.ask(Catalog.namesQuestion(asked))
        try PipelineRound.run([part])
        let now = try Catalog.found(result.get(), asked: asked)
        let missing = zip(asked, now).filter { $1 == nil }.map(\.0)
        guard missing.isEmpty else { throw PgcopyError.noTables(missing) }
        let tables = now.compactMap { $0 }
        kept = Set(zip(found, tables).filter { kept.contains($0.0.oid) }.map(\.1.oid))
        for table in tables { try Lookup.refuseHidden(table) }
        found = tables
    }

    private func begin() {
        for statement in beginning { part.ask(.statement(statement)) }
        // Others may take long yet, and what a transaction has set ends where it fails.
        part.whenRefused = (session.savepoint == nil ? ["ROLLBACK"] : []) + beginning.filter { $0 != "ROLLBACK" }
    }

    private var beginning: [String] {
        let begin =
            switch role {
            case .source: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
            case .destination(_, let overridesReadOnly, _):
                "BEGIN ISOLATION LEVEL READ COMMITTED" + (overridesReadOnly ? " READ WRITE" : "")
            }
        let noticing = server?.canNoticeClient ?? false ? [SessionSettings.noticingClient] : []
        return session.beginning(begin) + noticing
    }

    /// The locks are had. Those that triggers and functions take while rows flow are waited for as long as was asked for.
    func askForLockTimeout() {
        guard lockTimeout != nil else { return }
        part.ask(.statement(keepLockTimeout ? "SET LOCAL lock_timeout = DEFAULT" : lastLockTimeoutSetting))
    }

    private var lastLockTimeoutSetting: String {
        "SET LOCAL lock_timeout = '\(lastLockTimeout.map { max(1, Int(min($0.seconds, 1e6) * 1000)) } ?? 0)ms'"
    }

    private func askSettings() {
        settingsResult = part.ask(
            .statement(
                SessionSettings.statement(pinsMoney: pinsMoney, deadLink: deadLink, noticesClient: server == nil)),
            answeredAtOnce: true)
    }

    var deadLink: Int? { if case .destination(_, _, let seconds) = role { seconds } else { nil } }

    private func askRows() {
        guard !found.isEmpty else { return }
        let reader = TableReader(count: found.count, names: names)
        self.reader = reader
        tablesResult = part.ask(Catalog.tablesQuestion(found), eachRow: reader.takeTable)
        columnsResult = part.ask(Catalog.columnsQuestion(found, for: session.version), eachRow: reader.takeColumn)
        if let selection { selectionResult = part.ask(Catalog.selectionQuestion(selection)) }
        if asksSizes { sizesResult = part.ask(Catalog.sizesQuestion(found)) }
        if case .destination = role, asksReferences { referencesResult = part.ask(Catalog.referencesQuestion(found)) }
        uniqueIndexesResult = asksUniqueIndexes ? part.ask(Catalog.uniqueIndexesQuestion(found)) : nil
        sequencesResult = asksSequences ? part.ask(Catalog.sequencesQuestion(found)) : nil
        obstaclesResult = emptiedInRun.isEmpty ? nil : part.ask(Catalog.obstaclesQuestion(emptiedInRun))
    }

    /// What else is to be known of a source's tables so that they can be cut, once their sizes are.
    /// - Parameter least: bytes of a table that is worth it.
    func askCuts(_ part: PipelinePart, least: Int) throws {
        let sizes = try sizes()
        func ask(_ places: [Int], _ question: ([Lookup.Found]) -> PipelineMessage) -> (
            places: [Int], result: PipelineResult
        )? {
            places.isEmpty ? nil : (places, part.ask(question(places.map { found[$0] })))
        }
        let scansBlocks = session.version.scansBlockRanges
        let large = found.indices.filter { place in
            sizes[place].map { ($0.blocks == nil || !scansBlocks) && $0.bytes >= least } ?? false
        }
        leaves = ask(large.filter { found[$0].kind == "p" }, Catalog.leavesQuestion)
        keys = ask(large, Catalog.keysQuestion)
    }

    /// A destination's tables, in the transaction that loads them: all of that can still be undone.
    private func empty() {
        let emptied = emptied
        guard !isSource, !found.isEmpty, asksRows || !emptied.isEmpty || !kept.isEmpty else { return }
        // Rows of whoever is loading one of them cannot be seen: he is waited for, for the moment of a look.
        let divided = divided
        if !divided.isEmpty {
            part.ask(.statement("SAVEPOINT pgcopy"))
            lock(divided, "SHARE")
        }
        heldResult = part.ask(Catalog.rowsQuestion(found))
        // Rows of a subtransaction would have another xmin than the transaction's number.
        if !divided.isEmpty {
            part.ask(.statement("ROLLBACK TO SAVEPOINT pgcopy"))
            part.ask(.statement("RELEASE SAVEPOINT pgcopy"))
        }
        guard !emptied.isEmpty else { return }
        let targets = emptied.map { $0.only + $0.name.quoted }.joined(separator: ", ")
        othersResults.append(part.ask(.statement("TRUNCATE TABLE \(targets)")))
    }
}
