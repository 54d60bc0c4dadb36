// What a transfer throws of its own.

extension PgcopyError.Code {
    /// A request that cannot be met with what servers and files hold; nothing of it is committed.
    public static let refused = Self("refused")
    /// The server takes no rows: it is a standby, or is to be read only. Other destinations can do without it.
    public static let readOnly = Self("readOnly")
    /// What is read did not stay what it was at the snapshot: rows that came would be of no one moment.
    public static let sourceChanged = Self("sourceChanged")
    /// The source gave another number of rows than it had to.
    public static let rowCount = Self("rowCount")
    /// A commit was sent and not answered, for the cause; `transaction` is what its server can be asked by.
    public static let commitInDoubt = Self("commitInDoubt")
    /// Not every destination of a transfer has committed, for the causes; `outcome` says what became of each.
    public static let notCommitted = Self("notCommitted")
}

extension PgcopyError {
    /// The request has to be put otherwise: going on without one destination would not do.
    var isRequests: Bool { code == .usage }

    /// It lies in what was asked for, or a server is not to be had.
    var isUsageError: Bool { [.usage, .readOnly, .unreachable].contains(code) }

    /// - Parameter isStuck: it happened again and again before the first row.
    static func sourceChanged(_ names: [String], isStuck: Bool = false) -> PgcopyError {
        let what = "\(names.joined(separator: ", ")): emptied, rewritten, replaced or altered"
        return PgcopyError(
            .sourceChanged,
            isStuck
                ? "\(what) again and again before it could be locked; nothing was copied"
                : "\(what) while it was read; nothing was committed, run it again")
    }

    static func changedSinceSnapshot(_ names: [String]) -> PgcopyError {
        PgcopyError(
            .sourceChanged,
            "\(names.joined(separator: ", ")): emptied, rewritten, replaced or altered since the snapshot; nothing was copied",
            hint: "`pgcopy snapshot -t` locks tables before it takes one")
    }

    static func rowCount(_ rows: Int, expected: Int) -> PgcopyError {
        PgcopyError(
            .rowCount, "\(rows) \(rows == 1 ? "row" : "rows") came, \(expected) were expected; nothing was committed")
    }

    /// - Parameter error: what happened instead of an answer.
    static func commitInDoubt(_ error: any Error, transaction: String?) -> PgcopyError {
        PgcopyError(
            .commitInDoubt, "the commit was sent and its answer was lost: \(error)", causes: [error],
            detail: transaction)
    }

    /// The number of the transaction that is in doubt, where it is known.
    public var transaction: String? { code == .commitInDoubt ? detail as? String : nil }

    /// What became of each destination of the transfer that failed; nil where none did.
    public var outcome: TransferOutcome? { detail as? TransferOutcome }
}
