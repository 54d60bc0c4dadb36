// One answer of PQgetCopyData.

/// What a read of COPY data gave.
public enum CopyRead: ~Copyable {
    /// A whole message.
    case message(CopyMessage)
    /// Nothing whole has arrived yet.
    case wouldBlock
    /// No more data; the statement's result is next.
    case end
}
