// A producer of nothing.

/// Ends at once, without a row.
public final class NullProducer: Producer {
    /// How messages name it.
    public let label: String
    /// Nothing, ever.
    public let totals = Totals.zero
    /// Of no meaning without rows.
    public let layout = RowLayout.text

    /// A producer without rows.
    public init(label: String = "null:") { self.label = label }

    /// Nothing to enter.
    public func enter() -> Step { .done }
    /// The end, at once.
    public func fill(_ space: inout MutableRawSpan) -> Filled { .ended(.zero) }
    /// Nothing to undo.
    public func realign() -> Step { .done }
    /// Nothing to let go.
    public func abandon() {}
}
