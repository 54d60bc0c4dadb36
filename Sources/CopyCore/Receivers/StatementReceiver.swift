// Rows for a server.

/// Gives its rows to `COPY … FROM STDIN` on a session.
public final class StatementReceiver: Receiver {
    /// The session it writes to.
    public let session: Session
    /// The statement.
    public let sql: String

    private let transport: any CopyInTransport
    private enum Stage { case unused, entering, entered }
    private var stage = Stage.unused

    /// A receiver for a COPY statement.
    /// - Parameter transport: how the COPY is spoken.
    public init(_ session: Session, _ sql: String, transport: TransportChoice = .wire) {
        self.session = session
        self.sql = sql
        self.transport = transport.copyIn(session)
    }

    /// The session's label.
    public var label: String { session.label }
    /// As `COPY 10`, once the server has confirmed the end.
    public var commandTag: String? { transport.commandTag }
    /// The server's messages.
    public var attention: Interest? { transport.attention }

    /// Sends the statement.
    public func enter(_ layout: RowLayout) throws -> Step {
        if stage == .entered { throw PgcopyError.alreadyUsed }
        stage = .entering
        let step = try transport.begin(sql)
        if step == .done { stage = .entered }
        return step
    }

    /// Takes in the server's messages, and sends on.
    public func attend(_ ready: Readiness) throws -> Interest? { try transport.attend(ready) }
    /// Takes rows as long as the socket does.
    public func drain(_ bytes: RawSpan) throws -> Drained { try transport.write(bytes) }
    /// Has the server confirm the end.
    public func finish() throws -> Step { try transport.end() }
    /// Fails the COPY, with the reason.
    public func abort(_ reason: String) throws -> Step { stage == .unused ? .done : try transport.fail(reason) }
    /// Closes the connection.
    public func abandon() { transport.abandon() }
    /// What the connection's socket holds.
    public var unsent: Int? { session.unsent }
    /// A server that checks what it was given takes its time.
    public func inquire() throws -> Inquiry? { try session.inquire?() }
}
