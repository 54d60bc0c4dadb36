// What was moved: the unit of every report.

/// Messages and bytes of COPY data.
///
/// A message is a row in text and CSV; in binary the header comes with the first row and the trailer is
/// one more. Bytes are those of the COPY data itself, without any framing.
public struct Totals: Sendable, Hashable {
    /// Messages moved whole.
    public var messages: Int
    /// Bytes of COPY data moved.
    public var bytes: Int

    /// So much moved, nothing unless said.
    public init(messages: Int = 0, bytes: Int = 0) {
        self.messages = messages
        self.bytes = bytes
    }

    /// Nothing moved.
    public static let zero = Totals()

    /// Adds what another stretch moved.
    public static func += (total: inout Totals, more: Totals) {
        total.messages += more.messages
        total.bytes += more.bytes
    }

    /// What came since `earlier`.
    public static func - (total: Totals, earlier: Totals) -> Totals {
        Totals(messages: total.messages - earlier.messages, bytes: total.bytes - earlier.bytes)
    }
}
