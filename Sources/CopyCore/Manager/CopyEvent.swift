// What a cycle of the manager gives, as values.

/// What came of a cycle.
public enum CopyEvent {
    /// So much was moved, counted once whatever the number of receivers.
    case moved(Totals)
    /// These receivers failed in it; everyone else was served. Each is to be reconciled or dropped before the next cycle:
    /// a fault that nobody takes care of fails the copy.
    case faulted([ReceiverFault])
    /// Nothing moved for as long as `CopySettings.idleInterval`.
    case idle
}

/// A receiver that failed. It is out until it is reconciled.
public struct ReceiverFault: CustomStringConvertible {
    /// The receiver.
    public let receiver: any Receiver
    /// The original error.
    public let error: any Error

    /// The error's code; nil where it is none of ours.
    public var code: PgcopyError.Code? { (error as? PgcopyError)?.code }

    /// For a person.
    public var description: String { "\(receiver.label): \(error)" }
}

extension PgcopyError.Code {
    /// The producer failed, with the cause. Nothing in the manager changed: where that is safe, iteration may go on.
    public static let producerFault = Self("producerFault")
}

extension PgcopyError {
    /// What a producer failed with.
    static func producerFault(_ error: any Error, at label: String) -> PgcopyError {
        PgcopyError(
            .producerFault, "\(label): \(error)", endpoint: label, server: (error as? PgcopyError)?.server,
            causes: [error])
    }
}
