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

    /// For a person.
    public var description: String { "\(receiver.label): \(error)" }
}

/// The producer failed. Nothing in the manager changed: where that is safe, iteration may go on.
public struct ProducerFault: Error, Sendable, CustomStringConvertible {
    /// The producer's label.
    public let label: String
    /// The original error.
    public let error: any Error

    /// For a person.
    public var description: String { "\(label): \(error)" }
}
