// Role: how clients reach the servers.

/// TCP, as between machines, or Unix sockets, where the kernel has least to do.
enum ConnectionWay: String {
    case tcp = "TCP"
    case unix = "Unix sockets"
}
