// Rows of a server.

/// Produces what `COPY … TO STDOUT` gives on a session.
public final class StatementProducer: Producer {
    /// The session it reads from.
    public let session: Session
    /// The statement.
    public let sql: String
    /// What was produced so far.
    public private(set) var totals = Totals.zero

    private let transport: any CopyOutTransport
    private let textLayout: RowLayout
    private enum Stage { case unused, entering, entered }
    private var stage = Stage.unused

    /// A producer of the rows of a COPY statement.
    /// - Parameters:
    ///   - layout: how rows lie when the statement does not give the binary format.
    ///   - transport: how the COPY is spoken.
    public init(
        _ session: Session, _ sql: String, layout: RowLayout = .text, transport: TransportChoice = .wire
    ) {
        self.session = session
        self.sql = sql
        textLayout = layout
        self.transport = transport.copyOut(session)
    }

    /// The session's label.
    public var label: String { session.label }

    /// As given, or binary when the server says so.
    public var layout: RowLayout { transport.isBinary ? .binary : textLayout }

    /// As `COPY 10`, once the server has confirmed the end.
    public var commandTag: String? { transport.commandTag }

    /// Sends the statement.
    public func enter() throws -> Step {
        if stage == .entered { throw PgcopyError.alreadyUsed }
        stage = .entering
        let step = try transport.begin(sql)
        if step == .done { stage = .entered }
        return step
    }

    /// Reads what the server sends.
    public func fill(_ space: inout MutableRawSpan) throws -> Filled {
        // The copy was begun without the server's consent, which comes with the first rows at the latest.
        if stage == .entering, case .waiting(let interest) = try enter() { return .blocked(interest) }
        let filled = try transport.read(into: &space)
        if case .moved(let moved, _) = filled { totals += moved }
        return filled
    }

    /// Cancels the statement if it still runs, and drains it.
    public func realign() throws -> Step { stage == .unused ? .done : try transport.cancel() }

    /// Closes the connection.
    public func abandon() { transport.abandon() }
    /// A server that sorts takes its time.
    public func inquire() throws -> Inquiry? { try session.inquire?() }
}
