// Role: what the proxy has counted.

/// What went through, over all connections.
public struct ProxyCounters: Sendable, Equatable {
    /// What went in one direction.
    public struct Traffic: Sendable, Equatable {
        /// Bytes forwarded, injected ones included.
        public var bytes = 0
        /// Bytes from the beginning of each connection's first CopyData message on: the range of `Trigger.copyBytes`.
        public var copyBytes = 0
        /// CopyData messages that passed whole.
        public var copyMessages = 0
    }

    /// From clients to the server.
    public var toServer = Traffic()
    /// From the server to clients.
    public var toClient = Traffic()
    /// Connections accepted, cancel requests included.
    public var connections = 0
    /// Cancel requests among them, unencrypted ones.
    public var cancelRequests = 0
    /// Sync messages of clients, unencrypted ones.
    public var syncs = 0
    /// How often the server answered after the client had sent something: turns from `toServer` to `toClient`.
    public var roundTrips = 0

    /// The traffic of a direction.
    public subscript(direction: Direction) -> Traffic {
        get { direction == .toServer ? toServer : toClient }
        set { if direction == .toServer { toServer = newValue } else { toClient = newValue } }
    }
}
