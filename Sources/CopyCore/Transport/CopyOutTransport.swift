// The seam between producers and a connection.

/// Speaks one COPY TO STDOUT over a session. No call of it blocks.
///
/// One way is libpq's own calls (`LibpqCopyOut`); another can speak on the wire itself.
public protocol CopyOutTransport: AnyObject {
    /// Sends the statement and awaits the server's consent. Called until done.
    func begin(_ sql: String) throws -> Step
    /// Whether the server sends the binary format; valid once begun.
    var isBinary: Bool { get }
    /// Writes COPY data into the space, without framing.
    func read(into space: inout MutableRawSpan) throws -> Filled
    /// As `COPY 10`, once the server has confirmed the end.
    var commandTag: String? { get }
    /// Cancels what still runs and drains it. Called until done; at once when nothing runs.
    func cancel() throws -> Step
    /// Closes the connection.
    func abandon()
}
