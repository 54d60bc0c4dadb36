// A connection with a name, a poller and ears: what everything above libpq talks to.

/// One server connection as the core library uses it: non-blocking, interruptible, its messages delivered.
public final class Session {
    /// libpq's connection.
    public let connection: Connection
    /// How messages name it; never holds a password.
    public let label: String
    /// Where it waits.
    public let poller: any Poller

    /// Called for each NOTICE and WARNING, while other work goes on. It must not use the session.
    public var onNotice: ((Session, ServerMessage) -> Void)?
    /// Notifications nobody has asked for yet.
    public let inbox = NotificationInbox()
    /// Called for each notification, in order, while other work goes on. It must not use the session.
    /// While it is set, the inbox gets none.
    public var onNotification: ((Session, Notification) -> Void)?
    /// Called with every statement before it is sent.
    public var onStatement: ((Session, String) -> Void)?

    /// Makes the question that is asked when an answer takes too long: whether the server is still at it. Yes extends the
    /// wait.
    var inquire: (() throws -> Inquiry)?

    /// Notices and notifications so far: tells whether input held any.
    private(set) var messagesSeen = 0

    /// What a transaction that is begun anew goes back to; nil: it is begun anew.
    var savepoint: String?

    /// What the server ended the session with.
    private(set) var lastWords: ServerMessage?

    /// The transaction status of a ReadyForQuery libpq did not see, active while a COPY goes on below libpq;
    /// nil when libpq's own is the newer one.
    var wireStatus: TransactionStatus?

    /// The `Pipeline` whose block is under way.
    weak var pipelineInProgress: AnyObject?

    /// A session on an open connection.
    public init(_ connection: Connection, label: String, poller: any Poller) throws(PgcopyError) {
        self.connection = connection
        self.label = label
        self.poller = poller
        try connection.setNonBlocking(true)
        connection.onNotice = { [unowned self] notice in deliver(notice) }
    }

    /// Reads what has come and delivers the messages in it.
    func takeInput() throws(PgcopyError) {
        try connection.consumeInput()
        // Parses, so that notices and notifications surface.
        _ = connection.isBusy
        deliverNotifications()
    }

    /// Gives what libpq has parsed to the handler.
    func deliverNotifications() {
        while let notification = connection.nextNotification() { deliver(notification) }
    }

    func deliver(_ notice: ServerMessage) {
        messagesSeen += 1
        if ["FATAL", "PANIC"].contains(notice.severity) { lastWords = notice }
        onNotice?(self, notice)
    }

    func deliver(_ notification: Notification) {
        messagesSeen += 1
        if let onNotification { onNotification(self, notification) } else { inbox.receive(notification) }
    }

    /// Where the session stands in a transaction, by the server's last word.
    public var transactionStatus: TransactionStatus {
        connection.isUsable ? wireStatus ?? connection.transactionStatus : .unknown
    }

    /// Throws unless libpq holds nothing for or from the server: only then may others use its socket.
    func requireIdle() throws(PgcopyError) {
        try requireNoPipeline()
        guard connection.isUsable else { throw loss(nil) }
        guard transactionStatus != .active, try connection.flush(), !connection.isBusy else {
            throw PgcopyError.busy
        }
        deliverNotifications()
    }

    /// Throws when the session is in pipeline mode, where nothing can be waited for by itself.
    func requireNoPipeline() throws(PgcopyError) {
        guard pipelineInProgress == nil else {
            throw PgcopyError(
                .misuse, "the session is in pipeline mode: only the pipeline can execute statements")
        }
    }

    /// The connection broke while it was used below libpq.
    /// - Parameter words: what the server ended it with.
    func wireLost(_ words: ServerMessage? = nil) {
        if let words { lastWords = words }
        wireStatus = .unknown
        connection.finish()
    }

    /// Closes the connection.
    public func close() { connection.finish() }

    /// A statement is about to be sent: announces it to who wants to see them all.
    /// - Throws: when a COPY goes on below libpq, which would send into the middle of it.
    func announce(_ sql: String) throws(PgcopyError) {
        guard wireStatus != .active || !connection.isUsable else {
            throw PgcopyError.busy
        }
        // The ReadyForQuery that ends it is libpq's to see, unless a transport notes otherwise.
        if connection.isUsable { wireStatus = nil }
        onStatement?(self, sql)
    }
}
