// What a server is asked as soon as it is connected, in one round trip.

/// The settings of a server's session, its transaction, and all that has to be known of its table.
final class Preparation {
    /// To be run with those of the other servers; nothing here is answered before.
    let part: PipelinePart
    private var name: SQLName?
    private var tableResult: PipelineResult?
    private var typesResult: PipelineResult?
    private var columnsResult: PipelineResult?
    private var clusterResult: PipelineResult?
    private let settingsResult: PipelineResult

    /// Begins a transaction in a part that asks nothing yet, and pins the session.
    init(_ part: PipelinePart, begin: String, keepLockTimeout: Bool, pinsMoney: Bool) {
        self.part = part
        // By itself: what follows is planned, and perhaps compiled (jit). Before version 11 the clock that runs at the
        // beginning goes on up to the synchronization point.
        let version = part.session.connection.serverVersion
        if version < 110_000 { part.ask(.statement("SET statement_timeout = '0'")) }
        part.ask(.statement(begin))
        if version >= 110_000 { part.ask(.statement("SET LOCAL statement_timeout = '0'")) }
        settingsResult = part.ask(
            .statement(
                SessionSettings.statement(
                    part.session.connection, keepLockTimeout: keepLockTimeout, pinsMoney: pinsMoney)))
    }

    // MARK: Asking

    /// Asks for a table, found by the user's own search_path.
    func ask(table name: SQLName, withTypes: Bool) {
        self.name = name
        // Refused, once it is its turn.
        guard !namesDatabase(name) else { return }
        tableResult = part.ask(
            Catalog.tableQuestion(name, serverVersion: part.session.connection.serverVersion))
        if withTypes {
            typesResult = part.ask(
                Catalog.typesQuestion(of: name, serverVersion: part.session.connection.serverVersion))
        }
    }

    /// Asks for the columns of a query, without running it.
    func ask(query: String) {
        part.ask(.prepare(query))
        columnsResult = part.ask(.describe)
    }

    /// Asks which cluster it is.
    func askCluster() { clusterResult = part.ask(Catalog.clusterQuestion) }

    /// What follows finds nothing of the user's by itself.
    func secureSearchPath() { part.ask(Catalog.secureSearchPath) }

    // MARK: Answers

    /// The table.
    func table() throws -> TableShape {
        try part.check()
        if let name, namesDatabase(name) {
            throw TransferRefusal(
                "\(name.quoted) names a database; the connection does that, a table is [SCHEMA.]TABLE",
                isUsageError: true)
        }
        guard let table = try tableResult.flatMap({ try Catalog.table($0.get()) }) else {
            throw TransferRefusal("there is no table \(name?.quoted ?? "")")
        }
        return table
    }

    /// The backend itself, once it has answered; a pooler gives its clients numbers of its own.
    var backendPID: Int32? {
        guard case .success(let result) = settingsResult.outcome else { return nil }
        return result.value(0, 0).flatMap { Int32($0) }
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

    /// The start of the cluster; nil where it was not asked for.
    func clusterStart() throws -> String? {
        try part.check()
        return try clusterResult?.get().value(0, 0)
    }

    private func namesDatabase(_ name: SQLName) -> Bool { name.parts.count > 2 }
}
