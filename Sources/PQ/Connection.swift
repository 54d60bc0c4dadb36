// One libpq connection: its handle, how it is made, and what it says of itself.
// No policy and no waiting: the caller polls `socket` and calls again.

internal import CLibpq

/// A connection to a PostgreSQL server.
///
/// A connection belongs to one thread at a time. The C function behind each member is named in its comment.
@safe
public final class Connection {
    /// libpq's handle; nil once finished.
    var handle: OpaquePointer?

    /// Kept alive here, since libpq holds an unretained pointer to it.
    let notices = NoticeBox()

    /// Connects and waits for the outcome; a failed attempt gives a connection that is not `isUsable`.
    ///
    /// Blocks for as long as libpq's own `connect_timeout` rules allow, trying every host of the list.
    /// - Parameter parameters: keywords and values; a later one wins. A `dbname` that is a
    ///   connection string or URI is expanded. libpq: PQconnectdbParams.
    public init(_ parameters: [(keyword: String, value: String)]) {
        unsafe handle = withCStrings(parameters.map(\.keyword)) { keywords in
            unsafe withCStrings(parameters.map(\.value)) { values in
                unsafe PQconnectdbParams(keywords, values, 1)
            }
        }
        installNoticeReceiver()
    }

    deinit { finish() }

    /// Closes the connection; harmless when it is closed already. libpq: PQfinish.
    public func finish() {
        guard let open = unsafe handle else { return }
        unsafe handle = nil
        unsafe PQfinish(open)
    }

    /// Connected and not known to be broken. libpq: PQstatus.
    public var isUsable: Bool { unsafe PQstatus(handle) == CONNECTION_OK }

    /// Where the session stands in a transaction, by the server's last ReadyForQuery. libpq: PQtransactionStatus.
    public var transactionStatus: TransactionStatus {
        switch unsafe PQtransactionStatus(handle) {
        case PQTRANS_IDLE: .idle
        case PQTRANS_ACTIVE: .active
        case PQTRANS_INTRANS: .inTransaction
        case PQTRANS_INERROR: .inError
        default: .unknown
        }
    }

    /// libpq's text for the last thing that went wrong, without its line end. libpq: PQerrorMessage.
    public var errorMessage: String {
        guard let open = unsafe handle else { return "the connection is closed" }
        return trimmed(unsafe String(cString: PQerrorMessage(open)))
    }

    /// The socket to poll, -1 when there is none. It can change while connecting only. libpq: PQsocket.
    public var socket: CInt { unsafe PQsocket(handle) }

    /// The server process that serves this connection. libpq: PQbackendPID.
    public var backendPID: Int32 { unsafe PQbackendPID(handle) }

    /// As 150018 for 15.18; 0 when not connected. libpq: PQserverVersion.
    public var serverVersion: Int { Int(unsafe PQserverVersion(handle)) }

    /// A setting the server reports by itself, such as `server_encoding`. libpq: PQparameterStatus.
    public func parameterStatus(_ name: String) -> String? {
        guard let text = unsafe PQparameterStatus(handle, name) else { return nil }
        return unsafe String(cString: text)
    }

    /// What somebody gave as the value of one of libpq's keywords: in the connection string, the environment or a service
    /// file; "" where nobody did and it has no default. libpq: PQconninfo.
    public func given(_ keyword: String) -> String {
        guard let options = unsafe PQconninfo(handle) else { return "" }
        defer { unsafe PQconninfoFree(options) }
        return unsafe ConnectionString.set(in: options).first { $0.keyword == keyword }?.value ?? ""
    }

    /// Whether TLS protects this connection. libpq: PQsslInUse.
    public var usesTLS: Bool { unsafe PQsslInUse(handle) != 0 }

    /// Whether GSSAPI encrypts this connection. libpq: PQgssEncInUse.
    public var usesGSSEncryption: Bool { unsafe PQgssEncInUse(handle) != 0 }

    /// The attempt failed for want of a password. libpq: PQconnectionNeedsPassword.
    public var needsPassword: Bool { unsafe PQconnectionNeedsPassword(handle) != 0 }

    /// The database connected to. libpq: PQdb.
    public var database: String { unsafe string(PQdb(handle)) }

    /// The host connected to, one of several perhaps; "" when unknown. libpq: PQhost.
    public var host: String { unsafe string(PQhost(handle)) }

    /// The address connected to; "" over a unix socket. libpq: PQhostaddr.
    public var hostAddress: String { unsafe string(PQhostaddr(handle)) }

    /// The port connected to. libpq: PQport.
    public var port: String { unsafe string(PQport(handle)) }

    /// Calls that would block return at once instead. libpq: PQsetnonblocking.
    public func setNonBlocking(_ nonBlocking: Bool) throws(PgcopyError) {
        guard unsafe PQsetnonblocking(handle, nonBlocking ? 1 : 0) == 0 else { throw lastError() }
    }

    /// What libpq last complained of, as an error of ours.
    func lastError() -> PgcopyError {
        PgcopyError(isUsable ? .libpq : .connectionLost, errorMessage)
    }
}

/// Where a session stands in a transaction.
public enum TransactionStatus: Sendable {
    /// No transaction is open.
    case idle
    /// A command is in progress.
    case active
    /// In an open transaction.
    case inTransaction
    /// In a transaction that failed; only a rollback is accepted.
    case inError
    /// The connection is broken.
    case unknown
}
