// Role: messages of the frontend/backend protocol to inject.

/// Bytes of protocol messages, header included.
public enum Message {
    /// A NoticeResponse.
    public static func notice(severity: String = "NOTICE", code: String = "00000", message: String) -> [UInt8] {
        report(UInt8(ascii: "N"), severity: severity, code: code, message: message)
    }

    /// An ErrorResponse.
    public static func error(severity: String = "ERROR", code: String = "XX000", message: String) -> [UInt8] {
        report(UInt8(ascii: "E"), severity: severity, code: code, message: message)
    }

    /// A NotificationResponse.
    public static func notification(channel: String, payload: String = "", pid: Int32) -> [UInt8] {
        frame(UInt8(ascii: "A"), bigEndian(UInt32(bitPattern: pid)) + cString(channel) + cString(payload))
    }

    /// A ParameterStatus.
    public static func parameterStatus(_ name: String, _ value: String) -> [UInt8] {
        frame(UInt8(ascii: "S"), cString(name) + cString(value))
    }

    /// A CommandComplete.
    public static func commandComplete(_ tag: String) -> [UInt8] { frame(UInt8(ascii: "C"), cString(tag)) }

    /// A CopyData.
    public static func copyData(_ payload: some Collection<UInt8>) -> [UInt8] {
        frame(UInt8(ascii: "d"), Array(payload))
    }

    /// Any message: its type, its length, its body.
    public static func frame(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
        [type] + bigEndian(UInt32(body.count + 4)) + body
    }

    private static func report(_ type: UInt8, severity: String, code: String, message: String) -> [UInt8] {
        let fields = [("S", severity), ("V", severity), ("C", code), ("M", message)]
        return frame(type, fields.flatMap { Array($0.utf8) + cString($1) } + [0])
    }

    private static func cString(_ text: String) -> [UInt8] { Array(text.utf8) + [0] }

    private static func bigEndian(_ number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}
