// The one error that is thrown, from libpq's calls up to whole transfers.

/// What went wrong: a word for a program, the text for a person, and whom it is about.
///
/// ```swift
/// catch let error as PgcopyError where error.code == .connectionLost { … }
/// catch let error as PgcopyError where error.sqlState == "23505" { … }
/// ```
///
/// Only a signal (`Interrupted`) and a whole copy (`CopyFail`, by receiver) have types of their own.
public struct PgcopyError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is. The set is open: others may come, and be added by who uses the library.
    public struct Code: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        /// The word for it.
        public let rawValue: String

        /// A code by its word.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// A code by its word.
        public init(_ rawValue: String) { self.rawValue = rawValue }

        /// The word.
        public var description: String { rawValue }
    }

    private struct Parts: Sendable {
        var code: Code
        var message: String
        var hint: String?
        var endpoint: String?
        var server: ServerMessage?
        var causes: [any Error]
        var detail: (any Sendable)?
    }

    private final class Box: Sendable {
        let parts: Parts
        init(_ parts: Parts) { self.parts = parts }
    }

    /// Elsewhere: whatever may fail holds room for it, each statement of a batch, say.
    private var box: Box

    private mutating func change(_ change: (inout Parts) -> Void) {
        var parts = box.parts
        change(&parts)
        box = Box(parts)
    }

    /// What kind of failure it is.
    public internal(set) var code: Code {
        get { box.parts.code }
        set { change { $0.code = newValue } }
    }
    /// The whole text for a person, without the server's DETAIL, HINT and CONTEXT.
    public var message: String { box.parts.message }
    /// What to do about it, where we know; a server's advice is in `server`.
    public var hint: String? { box.parts.hint }
    /// The label of whom it is about; nil where nobody said so.
    public var endpoint: String? {
        get { box.parts.endpoint }
        set { change { $0.endpoint = newValue } }
    }
    /// The server's own words and SQLSTATE; nil where no server spoke.
    public var server: ServerMessage? { box.parts.server }
    /// What it follows from: one error, or those of several that failed.
    public var causes: [any Error] { box.parts.causes }
    /// What else belongs to its code, given out by a property beside it.
    package var detail: (any Sendable)? { box.parts.detail }

    /// An error with these parts.
    public init(
        _ code: Code, _ message: String, hint: String? = nil, endpoint: String? = nil, server: ServerMessage? = nil,
        causes: [any Error] = []
    ) {
        self.init(code, message, hint: hint, endpoint: endpoint, server: server, causes: causes, detail: nil)
    }

    package init(
        _ code: Code, _ message: String, hint: String? = nil, endpoint: String? = nil, server: ServerMessage? = nil,
        causes: [any Error] = [], detail: (any Sendable)?
    ) {
        box = Box(
            Parts(
                code: code, message: message, hint: hint, endpoint: endpoint, server: server, causes: causes,
                detail: detail))
    }

    /// What a server said.
    package init(_ server: ServerMessage, connectionLost: Bool) {
        self.init(connectionLost ? .connectionLost : .server, server.message, server: server)
    }

    /// Its first cause.
    public var cause: (any Error)? { causes.first }

    /// The server's five characters, as 23505.
    public var sqlState: String? { server?.sqlState }

    /// The message.
    public var description: String { message }

    /// The same, about a connection that is gone.
    package func losingConnection() -> PgcopyError {
        var error = self
        error.code = .connectionLost
        return error
    }
}

extension PgcopyError: Hashable {
    /// The same code, words and endpoint; causes are not compared.
    public static func == (one: PgcopyError, other: PgcopyError) -> Bool {
        one.code == other.code && one.message == other.message && one.hint == other.hint
            && one.endpoint == other.endpoint && one.server == other.server
    }

    /// By the code and the message.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(code)
        hasher.combine(message)
    }
}

extension PgcopyError.Code {
    /// The server refused a statement; the connection goes on.
    public static let server = Self("server")
    /// The connection cannot be used any more; where the server said why, that is there too.
    public static let connectionLost = Self("connectionLost")
    /// libpq refused a call, in its own words.
    public static let libpq = Self("libpq")
    /// libpq is too old for it.
    public static let unsupported = Self("unsupported")
    /// The other side did what its protocol does not foresee.
    public static let unexpected = Self("unexpected")
    /// Somebody else's error, the cause.
    public static let foreign = Self("foreign")
    /// A call that does not fit the state of what it is made on: a programming error.
    public static let misuse = Self("misuse")
    /// What is asked for is wrong in itself, whatever servers hold.
    public static let usage = Self("usage")
}

/// Lets `catch PgcopyError.Code.timeout` take what has this code.
public func ~= (code: PgcopyError.Code, error: any Error) -> Bool { error.has(code) }

extension Error {
    /// Whether it is an error of ours, of this code.
    package func has(_ code: PgcopyError.Code) -> Bool { (self as? PgcopyError)?.code == code }
}
