// What can be sent in a pipeline, and outside of one.

/// One thing a server gives one result for.
enum PipelineMessage: Sendable {
    /// A statement with text parameters, nil for NULL.
    case statement(String, [String?] = [])
    /// Parses a statement; it is the unnamed one then.
    case prepare(String)
    /// Asks for the columns of the unnamed statement.
    case describe

    /// How it is announced; nil: it belongs to the one before.
    var announcement: String? {
        switch self {
        case .statement(let sql, _): sql
        case .prepare(let sql): "PREPARE: " + sql
        case .describe: nil
        }
    }

    /// Bytes of it.
    var size: Int {
        switch self {
        case .statement(let sql, let parameters): parameters.reduce(sql.utf8.count) { $0 + ($1?.utf8.count ?? 0) }
        case .prepare(let sql): sql.utf8.count
        case .describe: 0
        }
    }

    /// Announces and queues it.
    func send(by session: Session) throws(PgcopyError) {
        if let announcement { try session.announce(announcement) }
        switch self {
        case .statement(let sql, let parameters): try session.connection.sendQuery(sql, parameters: parameters)
        case .prepare(let sql): try session.connection.sendPrepare("", sql)
        case .describe: try session.connection.sendDescribe("")
        }
    }
}
