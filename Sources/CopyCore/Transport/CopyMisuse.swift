// Programming errors of a library's user.

/// A call that does not fit the state of a manager, a producer or a receiver.
public enum CopyMisuse: Error, Sendable, Hashable, CustomStringConvertible {
    /// The manager was entered before.
    case alreadyEntered
    /// The manager was not entered, or was left.
    case notEntered
    /// A producer or receiver serves one copy only.
    case alreadyUsed
    /// The receiver is not one of this copy's.
    case notAReceiver
    /// A receiver faulted, and was neither reconciled nor dropped.
    case faultIgnored
    /// The receiver did not fault.
    case notFaulted
    /// The receiver was given up when the copy went on without it.
    case givenUp

    /// For a person.
    public var description: String {
        switch self {
        case .alreadyEntered: "the copy was started already; a manager is used once"
        case .notEntered: "the copy is not under way"
        case .alreadyUsed: "a producer or receiver is used for one copy only"
        case .notAReceiver: "the receiver is no part of this copy"
        case .faultIgnored: "a receiver faulted, and was neither reconciled nor dropped"
        case .notFaulted: "the receiver did not fault"
        case .givenUp: "the copy went on without the receiver; it cannot be reconciled any more"
        }
    }
}
