// The one error of a copy as a whole.

/// The copy failed. Every connection was brought back to a usable state, or is reported here as broken.
public struct CopyFail: Error, Sendable, CustomStringConvertible {
    /// Why the copy as a whole did not succeed.
    public enum Reason: Sendable, Hashable {
        /// It could not be started.
        case notStarted
        /// It was left before its end.
        case incomplete
        /// No receiver was left.
        case noReceivers
    }

    /// A receiver that failed.
    public struct Fault: Sendable, CustomStringConvertible {
        /// The receiver's label.
        public let label: String
        /// The original error.
        public let error: any Error
        /// The error's code; nil where it is none of ours.
        public var code: PgcopyError.Code? { (error as? PgcopyError)?.code }
        let receiver: ObjectIdentifier

        init(_ receiver: any Receiver, _ error: any Error) {
            label = receiver.label
            self.error = error
            self.receiver = ObjectIdentifier(receiver)
        }

        /// For a person.
        public var description: String { "\(label): \(error)" }
    }

    /// Why.
    public let reason: Reason
    /// Receivers that faulted and were not reconciled, or failed on the way out.
    public let receiverFaults: [Fault]
    /// The producer's error, during the copy or on the way out.
    public let producerFault: (any Error)?
    let producerLabel: String
    /// The user's own error that ended the copy.
    public let cause: (any Error)?

    /// The original error of a receiver, nil when it did not fail.
    public subscript(receiver: any Receiver) -> (any Error)? {
        receiverFaults.first { $0.receiver == ObjectIdentifier(receiver) }?.error
    }

    /// For a person.
    public var description: String {
        var lines: [String] = []
        switch reason {
        case .notStarted: lines.append("the copy could not be started")
        case .incomplete: lines.append("the copy was not completed")
        case .noReceivers: lines.append("the copy has no receivers left")
        }
        if let producerFault { lines.append("\(producerLabel): \(producerFault)") }
        lines += receiverFaults.map(\.description)
        if let cause { lines.append("\(cause)") }
        return lines.joined(separator: "\n")
    }
}

extension PgcopyError {
    /// A receiver made no progress for so long although something waited for it.
    /// - Parameter awaitingConfirmation: it had taken everything and did not confirm the end.
    public static func timeout(after timeout: Duration, awaitingConfirmation: Bool) -> PgcopyError {
        PgcopyError(
            .timeout,
            awaitingConfirmation
                ? "socket timeout: no answer within \(timeout.seconds) s of the last row"
                : "socket timeout: took no data for \(timeout.seconds) s")
    }

    /// The producer gave nothing for so long although there was room for it.
    public static func sourceTimeout(after timeout: Duration) -> PgcopyError {
        PgcopyError(.timeout, "socket timeout: gave no data for \(timeout.seconds) s")
    }

    /// A receiver did not say for so long that it takes rows.
    public static func entryTimeout(after timeout: Duration) -> PgcopyError {
        PgcopyError(.timeout, "socket timeout: no answer to COPY within \(timeout.seconds) s")
    }
}
