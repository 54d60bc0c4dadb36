// A server that only writes down what it is asked.

import Glibc
import TestKit

/// Speaks just enough of the protocol for psql to send it queries.
final class RecordingServer {
    private let directory: TemporaryDirectory
    private let listener: Int32

    init() throws {
        directory = try TemporaryDirectory()
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array(directory.file(".s.PGSQL.5432").utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0, listen(listener, 1) == 0 else { throw Failure("cannot listen") }
        Self.limitWaiting(listener)
    }

    deinit { close(listener) }

    struct Failure: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    /// What psql sends, query by query, when it reads this file.
    func queries(of text: [UInt8]) throws -> [String] {
        let file = try directory.write(text, to: "text.sql")
        let psql = try Program("psql", ["-X", "-q", "-h", directory.path, "-U", "me", "-f", file, "db"]).with {
            $0.environment["PGCLIENTENCODING"] = "UTF8"
        }.start()
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { throw Failure("psql did not connect: \(psql.text(.errors))") }
        defer { close(connection) }
        Self.limitWaiting(connection)
        let queries = try serve(connection)
        try psql.wait()
        return queries
    }

    private func serve(_ connection: Int32) throws -> [String] {
        _ = try read(connection, try length(connection))
        try send(connection, "R", [0, 0, 0, 0])
        for (name, value) in [
            ("server_version", "15.0"), ("client_encoding", "UTF8"), ("standard_conforming_strings", "on"),
        ] { try send(connection, "S", Array(name.utf8) + [0] + Array(value.utf8) + [0]) }
        try send(connection, "Z", Array("I".utf8))
        var queries: [String] = []
        while true {
            var kind: UInt8 = 0
            guard recv(connection, &kind, 1, Int32(MSG_WAITALL)) == 1 else { return queries }
            let body = try read(connection, try length(connection))
            guard kind == UInt8(ascii: "Q") else { return queries }
            queries.append(String(decoding: body.dropLast(), as: UTF8.self))
            try send(connection, "C", Array("SELECT 0".utf8) + [0])
            try send(connection, "Z", Array("I".utf8))
        }
    }

    private func length(_ connection: Int32) throws -> Int {
        try read(connection, 4).reduce(0) { $0 << 8 | Int($1) } - 4
    }

    private func read(_ connection: Int32, _ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        guard count == 0 || recv(connection, &bytes, count, Int32(MSG_WAITALL)) == count else {
            throw Failure("psql hung up inside of a message")
        }
        return bytes
    }

    private func send(_ connection: Int32, _ kind: StaticString, _ body: [UInt8]) throws {
        let length = UInt32(body.count + 4)
        let bytes = [kind.utf8Start.pointee] + (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) } + body
        guard Glibc.send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw Failure("psql does not read")
        }
    }

    private static func limitWaiting(_ descriptor: Int32) {
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
}
