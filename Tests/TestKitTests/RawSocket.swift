// A bare socket, either side of the proxy: what arrives there is counted byte by byte.

import Glibc
import TestKit

/// A connected TCP socket with blocking calls.
final class RawSocket {
    /// How a stream ended.
    enum Ending { case fin, rst }

    private let descriptor: Int32

    private init(descriptor: Int32) {
        self.descriptor = descriptor
        // No call waits for ever, whatever is wrong.
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// Connects to a port of 127.0.0.1.
    static func connect(port: Int) throws -> RawSocket {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let result = withLoopback(port) { Glibc.connect(socket, $0, $1) }
        guard result == 0 else { throw KitError("connect: \(errno)") }
        return RawSocket(descriptor: socket)
    }

    /// Connects to a cluster's database as a client does, up to ReadyForQuery.
    static func session(port: Int, database: String = "postgres") throws -> RawSocket {
        let socket = try connect(port: port)
        try socket.send(startup(database: database))
        try socket.read(until: { $0.suffix(6) == [UInt8(ascii: "Z"), 0, 0, 0, 5, UInt8(ascii: "I")] })
        return socket
    }

    /// A startup message.
    static func startup(database: String = "postgres") -> [UInt8] {
        let body = "user\0\(Cluster.user)\0database\0\(database)\0\0"
        return bigEndian(body.utf8.count + 8) + [0, 3, 0, 0] + Array(body.utf8)
    }

    /// A Query message.
    static func query(_ sql: String) -> [UInt8] { Message.frame(UInt8(ascii: "Q"), Array(sql.utf8) + [0]) }

    private static func bigEndian(_ number: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    func send(_ bytes: [UInt8]) throws {
        guard Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw KitError("send: \(errno)")
        }
    }

    /// Reads until all that came is as wanted.
    @discardableResult
    func read(until condition: ([UInt8]) -> Bool) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while !condition(bytes) {
            guard try readSome(&bytes) == nil else { throw KitError("the stream ended after \(bytes.count) bytes") }
        }
        return bytes
    }

    /// Reads to the end.
    func readToEnd() throws -> (bytes: [UInt8], ending: Ending) {
        var bytes: [UInt8] = []
        while true {
            if let ending = try readSome(&bytes) { return (bytes, ending) }
        }
    }

    private func readSome(_ bytes: inout [UInt8]) throws -> Ending? {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        if count > 0 {
            bytes += chunk[..<count]
            return nil
        }
        if count == 0 { return .fin }
        guard errno == ECONNRESET else { throw KitError("recv: \(errno) after \(bytes.count) bytes") }
        return .rst
    }

    fileprivate static func withLoopback<Answer>(
        _ port: Int, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> Answer
    ) -> Answer {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// A listening socket, for the server's side of a proxy.
    final class Listener {
        let port: Int
        private let descriptor: Int32

        init() throws {
            let listening = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            descriptor = listening
            guard RawSocket.withLoopback(0, { bind(listening, $0, $1) }) == 0, listen(listening, 10) == 0 else {
                throw KitError("listen: \(errno)")
            }
            var address = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(listening, $0, &length) }
            }
            port = Int(UInt16(bigEndian: address.sin_port))
        }

        deinit { close(descriptor) }

        /// The next connection.
        func accept() -> RawSocket { RawSocket(descriptor: Glibc.accept(descriptor, nil, nil)) }
    }
}
