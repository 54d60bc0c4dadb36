// A receiver that discards.

/// Takes everything and keeps nothing.
public final class NullReceiver: Receiver {
    /// How messages name it.
    public let label: String
    /// No server is behind it.
    public let commandTag: String? = nil
    /// Nothing to watch.
    public let attention: Interest? = nil

    /// A receiver that discards.
    public init(label: String = "null:") { self.label = label }

    /// Nothing to enter.
    public func enter(_ layout: RowLayout) -> Step { .done }
    /// Never blocked.
    public func attend(_ ready: Readiness) -> Interest? { nil }
    /// Takes all of it.
    public func drain(_ bytes: RawSpan) -> Drained { Drained(taken: bytes.byteCount) }
    /// Nothing to confirm.
    public func finish() -> Step { .done }
    /// Nothing to undo.
    public func abort(_ reason: String) -> Step { .done }
    /// Nothing to let go.
    public func abandon() {}
}
