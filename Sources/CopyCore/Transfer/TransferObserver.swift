// Who is told how a transfer goes.

/// Hears of everything a transfer does, while it does it.
public protocol TransferObserver: AnyObject {
    /// A server said something that is no error.
    func noticed(_ message: ServerMessage, at label: String)
    /// A statement is about to be sent.
    func stating(_ sql: String, at label: String)
    /// Something was decided that was left open.
    func decided(_ what: String)
    /// An endpoint keeps everything waiting; for what.
    func waiting(for what: String, at label: String)
    /// A cycle is over; it moved so much, perhaps nothing.
    func progressed(_ moved: Totals, _ destinations: () -> [DestinationLag])
    /// A destination failed; what is done about it.
    func faulted(_ label: String, _ error: any Error, _ reaction: FaultReaction)
    /// A password is wanted for an endpoint; nil when none can be had.
    func password(for label: String) -> String?
}

extension TransferObserver {
    /// Nobody has to hear of that.
    public func waiting(for what: String, at label: String) {}
}

/// What a transfer does about a destination that failed.
public enum FaultReaction: Sendable, Hashable {
    /// It goes on from the very byte where it stopped; this is so manieth try without progress.
    case reconciled(tries: Int, limit: Int)
    /// It is rolled back, the others go on.
    case dropped
    /// Everything is rolled back.
    case fatal
}

/// How far a destination is behind the source.
public struct DestinationLag: Sendable, Hashable {
    /// How messages name it.
    public var label: String
    /// Bytes it has not taken yet.
    public var bytes: Int
    /// It takes part; false once it was dropped.
    public var isActive: Bool
}
