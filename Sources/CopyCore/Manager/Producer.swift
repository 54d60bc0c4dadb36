// Where COPY data comes from.

/// A source of COPY data. No call of it ever blocks: what cannot go on says what it waits for.
public protocol Producer: AnyObject {
    /// How messages name it; never holds a password.
    var label: String { get }

    /// What was produced so far.
    var totals: Totals { get }

    /// How its rows lie; valid once entered.
    var layout: RowLayout { get }

    /// Goes into the COPY state. Called until done; a producer is used once.
    func enter() throws -> Step

    /// Writes COPY data into the space, which is never empty. A server that thinks for long before its first row
    /// may not have been entered to the end: then this goes on with it.
    func fill(_ space: inout MutableRawSpan) throws -> Filled

    /// Goes back to a state in which its connection can be used, wherever the copy stands. Called until done.
    func realign() throws -> Step

    /// Realignment took too long: lets go at once.
    func abandon()

    /// Nothing has come for long: asks whether what gives the rows is at work on them; nil: that cannot be asked.
    func inquire() throws -> Inquiry?
}

extension Producer {
    /// Nothing can be asked.
    public func inquire() throws -> Inquiry? { nil }
}
