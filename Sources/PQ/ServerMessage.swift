// An ErrorResponse or NoticeResponse of a server, with the fields a person or a program asks for.

internal import CLibpq

/// An error or notice of a server.
public struct ServerMessage: Sendable, Equatable {
    /// ERROR, FATAL, PANIC, WARNING, NOTICE, …; never translated where the server says so (9.6 on).
    public var severity: String
    /// Five characters, as 23505.
    public var sqlState: String
    /// The primary text.
    public var message: String
    /// DETAIL.
    public var detail: String?
    /// HINT.
    public var hint: String?
    /// CONTEXT: line and column of a COPY, a trigger's call stack.
    public var context: String?

    /// A message with these parts.
    public init(
        severity: String, sqlState: String, message: String,
        detail: String? = nil, hint: String? = nil, context: String? = nil
    ) {
        self.severity = severity
        self.sqlState = sqlState
        self.message = message
        self.detail = detail
        self.hint = hint
        self.context = context
    }

    /// The fields of a result; nil where libpq made the result itself and no server spoke.
    init?(_ result: OpaquePointer) {
        func field(_ code: UInt8) -> String? {
            guard let text = unsafe PQresultErrorField(result, CInt(code)) else { return nil }
            return unsafe String(cString: text)
        }
        guard let sqlState = field(UInt8(ascii: "C")) else { return nil }
        self.sqlState = sqlState
        severity = field(UInt8(ascii: "V")) ?? field(UInt8(ascii: "S")) ?? "ERROR"
        message = field(UInt8(ascii: "M")) ?? ""
        detail = field(UInt8(ascii: "D"))
        hint = field(UInt8(ascii: "H"))
        context = field(UInt8(ascii: "W"))
    }
}
