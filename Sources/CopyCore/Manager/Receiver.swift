// Where COPY data goes.

/// A destination of COPY data. No call of it ever blocks: what cannot go on says what it waits for.
public protocol Receiver: AnyObject {
    /// How messages name it; never holds a password.
    var label: String { get }

    /// What the end of the copy was confirmed with, as `COPY 10`; nil before, and where no server is behind it.
    var commandTag: String? { get }

    /// What is watched while data flows or is waited for: messages of a server, a reader that goes away.
    var attention: Interest? { get }

    /// Goes into the COPY state, for rows that lie so. Called until done; a receiver is used once.
    func enter(_ layout: RowLayout) throws -> Step

    /// Something watched is ready, or an alarm went off: takes in messages, sends on what was taken before.
    /// - Returns: what still blocks it; nil when it can take more.
    func attend(_ ready: Readiness) throws -> Interest?

    /// Takes COPY data, from the beginning of the bytes, which are never none. What it throws must leave it
    /// where it was, or at the byte `drain` is given next.
    func drain(_ bytes: RawSpan) throws -> Drained

    /// Everything was given: ends the copy and has the end confirmed. Called until done.
    func finish() throws -> Step

    /// The copy failed: tells the server the reason and goes back to a state in which its connection can be
    /// used, wherever the copy stands. Called until done.
    func abort(_ reason: String) throws -> Step

    /// Realignment took too long: lets go at once.
    func abandon()

    /// Bytes it has taken that have not reached the other side yet, as far as the system tells; nil: it does not.
    var unsent: Int? { get }

    /// It has taken the end of something that the other side has not confirmed yet, and may be working on.
    var awaitsAnswer: Bool { get }

    /// It does not say in time that it takes rows, or that it has them all: asks whether it is still being worked on; nil: that cannot be asked.
    func inquire() throws -> Inquiry?
}

extension Receiver {
    /// Not known.
    public var unsent: Int? { nil }
    /// Its end is one.
    public var awaitsAnswer: Bool { false }

    /// Nothing can be asked.
    public func inquire() throws -> Inquiry? { nil }
}
