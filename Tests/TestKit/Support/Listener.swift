// Role: TCP sockets on 127.0.0.1.

import Glibc

/// A socket bound to a port of 127.0.0.1, which listens when told to.
enum Listener {
    /// A port that nobody holds at this moment.
    static func freePort() throws -> Int {
        let descriptor = try bound(to: 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withSocketAddress(&address) { getsockname(descriptor, $0, &length) }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// A socket bound to the port: as long as it does not listen, connections are refused.
    static func bound(to port: Int) throws -> Int32 {
        let descriptor = tcpSocket()
        if port != 0 {
            // So that it can listen again while connections of its first time linger. Not where a free
            // port is looked for: that must not be one which another proxy has, but refuses for now.
            var one: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = loopback(port)
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        guard withSocketAddress(&address, { bind(descriptor, $0, length) }) == 0 else {
            defer { close(descriptor) }
            throw KitError("bind to 127.0.0.1:\(port): \(describe())")
        }
        return descriptor
    }

    /// A connection to a port of 127.0.0.1, nil when it is refused.
    static func connect(port: Int) -> Int32? {
        let descriptor = tcpSocket()
        var address = loopback(port)
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        if withSocketAddress(&address, { Glibc.connect(descriptor, $0, length) }) == 0 { return descriptor }
        close(descriptor)
        return nil
    }

    /// A connection to a unix socket, nil when nobody listens there.
    static func connect(path: String) -> Int32? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        if withSocketAddress(&address, { Glibc.connect(descriptor, $0, length) }) == 0 { return descriptor }
        close(descriptor)
        return nil
    }

    private static func tcpSocket() -> Int32 {
        socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    }

    private static func loopback(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private static func withSocketAddress<Address, Answer>(
        _ address: inout Address, _ body: (UnsafeMutablePointer<sockaddr>) -> Answer
    ) -> Answer {
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
        }
    }
}
