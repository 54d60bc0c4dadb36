// Which way a COPY is spoken.

/// How COPY is spoken on a session.
public enum TransportChoice: Sendable, Hashable, CaseIterable {
    /// On the connection's own socket or TLS session, where that can be; by libpq's calls elsewhere.
    case wire
    /// By libpq's own calls: the reference.
    case libpq

    /// A transport for COPY TO STDOUT.
    func copyOut(_ session: Session) -> any CopyOutTransport {
        switch self {
        case .wire: WireCopyOut(session) ?? LibpqCopyOut(session)
        case .libpq: LibpqCopyOut(session)
        }
    }

    /// A transport for COPY FROM STDIN.
    func copyIn(_ session: Session) -> any CopyInTransport {
        switch self {
        case .wire: WireCopyIn(session) ?? LibpqCopyIn(session)
        case .libpq: LibpqCopyIn(session)
        }
    }
}
