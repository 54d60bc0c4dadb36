// The seam between receivers and a connection.

/// Speaks one COPY FROM STDIN over a session. No call of it blocks.
///
/// One way is libpq's own calls (`LibpqCopyIn`); another can speak on the wire itself.
public protocol CopyInTransport: AnyObject {
    /// Sends the statement and awaits the server's consent. Called until done.
    func begin(_ sql: String) throws -> Step
    /// Whether the server takes the binary format; valid once begun.
    var isBinary: Bool { get }
    /// What is watched while nothing is to be written.
    var attention: Interest? { get }
    /// Takes in messages, sends on what was taken before.
    /// - Returns: what still blocks it.
    /// - Throws: the server's error, as soon as it is there.
    func attend(_ ready: Readiness) throws -> Interest?
    /// Takes COPY data.
    func write(_ bytes: RawSpan) throws -> Drained
    /// Sends CopyDone and awaits the confirmation. Called until done.
    func end() throws -> Step
    /// As `COPY 10`, once the server has confirmed the end.
    var commandTag: String? { get }
    /// Sends CopyFail with the reason and drains what follows. Called until done; at once when nothing runs.
    func fail(_ reason: String) throws -> Step
    /// Closes the connection.
    func abandon()
}
