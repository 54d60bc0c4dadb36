// What goes wrong during a cycle of the manager.

/// Every receiver that failed in one cycle. The copy can go on with the others.
public struct ReceiverFault: Error, CustomStringConvertible, @unchecked Sendable {
    // Sendable by promise: an error must be, and this one stays in the thread that runs its manager.

    /// The manager that raised it; the receivers have left its set.
    public let manager: CopyManager
    /// Each faulted receiver with the original error.
    public let faults: [(receiver: any Receiver, error: any Error)]

    /// The original error of a receiver, nil when it did not fault.
    public subscript(receiver: any Receiver) -> (any Error)? {
        faults.first { $0.receiver === receiver }?.error
    }

    /// For a person.
    public var description: String {
        faults.map { "\($0.receiver.label): \($0.error)" }.joined(separator: "\n")
    }
}

/// The producer failed. Nothing in the manager changed: where that is safe, iteration may go on.
public struct ProducerFault: Error, CustomStringConvertible, @unchecked Sendable {
    // Sendable by promise, as ReceiverFault.

    /// The manager that raised it.
    public let manager: CopyManager
    /// The original error.
    public let error: any Error

    /// For a person.
    public var description: String { "\(manager.producer.label): \(error)" }
}
