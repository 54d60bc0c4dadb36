// Programming errors of a library's user.

extension PgcopyError {
    /// The manager was entered before.
    public static let alreadyEntered = PgcopyError(
        .misuse, "the copy was started already; a manager is used once")
    /// The manager was not entered, or was left.
    public static let notEntered = PgcopyError(.misuse, "the copy is not under way")
    /// A producer or receiver serves one copy only.
    public static let alreadyUsed = PgcopyError(.misuse, "a producer or receiver is used for one copy only")
    /// The receiver is not one of this copy's.
    public static let notAReceiver = PgcopyError(.misuse, "the receiver is no part of this copy")
    /// A receiver faulted, and was neither reconciled nor dropped.
    public static let faultIgnored = PgcopyError(
        .misuse, "a receiver faulted, and was neither reconciled nor dropped")
    /// The receiver did not fault.
    public static let notFaulted = PgcopyError(.misuse, "the receiver did not fault")
    /// The receiver was given up when the copy went on without it.
    public static let givenUp = PgcopyError(
        .misuse, "the copy went on without the receiver; it cannot be reconciled any more")
}
