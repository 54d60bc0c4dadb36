// What the design relies on libpq to do in COPY, on a real server.

import Glibc
import PQ
import TestKit
import Testing

@Suite struct `Facts about COPY in libpq` {
    @Test func `COPY data cut in 7-byte pieces loads`() throws {
        let connection = try connectToFreshDatabase()
        try connection.value("CREATE TABLE t (i int, x text)")
        let text = (1...1000).map { "\($0)\trow \($0) \\t é\n" }.joined()
        try connection.beginCopy("COPY t FROM STDIN", .copyIn)
        for piece in stride(from: 0, to: text.utf8.count, by: 7) {
            try connection.put(Array(text.utf8.dropFirst(piece).prefix(7)))
        }
        try connection.putCopyEnd()
        #expect(try connection.results().first?.commandTag == "COPY 1000")
        #expect(try connection.value("SELECT count(*) FROM t WHERE x = 'row ' || i || E' \\t é'") == "1000")
    }

    @Test func `binary COPY data cut in 7-byte pieces loads`() throws {
        let connection = try connectToFreshDatabase()
        try connection.value("CREATE TABLE t (i int, x text)")
        try connection.beginCopy(
            "COPY (SELECT i, 'row ' || i FROM generate_series(1, 1000) i) TO STDOUT (FORMAT binary)", .copyOut)
        let bytes = try connection.copyMessages().flatMap { $0 }
        #expect(try connection.results().first?.commandTag == "COPY 1000")
        try connection.beginCopy("COPY t FROM STDIN (FORMAT binary)", .copyIn)
        for start in stride(from: 0, to: bytes.count, by: 7) {
            try connection.put(bytes[start..<min(bytes.count, start + 7)])
        }
        try connection.putCopyEnd()
        #expect(try connection.results().first?.commandTag == "COPY 1000")
        #expect(try connection.value("SELECT count(*) FROM t WHERE x = 'row ' || i") == "1000")
    }

    @Test func `PQputCopyData never says that it would block, PQflush does, and nothing is lost`() throws {
        let cluster = try Servers.source
        let database = try cluster.createDatabase()
        try cluster.psql("CREATE TABLE t (x text)", database: database)
        let proxy = try FaultProxy(to: cluster)
        let connection = try connect(proxy.conninfo(database: database))
        try connection.setNonBlocking(true)
        try connection.beginCopy("COPY t FROM STDIN", .copyIn)
        proxy.arm(.stall, direction: .toServer, at: .now)
        try proxy.waitUntilTriggered()
        var piece = [UInt8](repeating: UInt8(ascii: "x"), count: 65_536)
        piece[65_535] = UInt8(ascii: "\n")
        // 24 MiB: more than the socket buffers of both ends and the proxy hold.
        for _ in 0..<384 { try connection.put(piece) }
        #expect(try !connection.flush())
        proxy.resume()
        try connection.putCopyEnd()
        #expect(try connection.results().first?.commandTag == "COPY 384")
        #expect(try connection.value("SELECT sum(length(x)) FROM t") == "\(384 * 65_535)")
        proxy.stop()
    }

    @Test func `an error in COPY IN stays invisible until putCopyEnd`() throws {
        let connection = try connectToFreshDatabase()
        try connection.value("CREATE TABLE t (i int CHECK (i < 10))")
        try connection.beginCopy("COPY t FROM STDIN", .copyIn)
        // Two rows, and more than the server takes in one go.
        try connection.put("99\n" + String(repeating: "1\n", count: 100_000))
        #expect(try connection.flush())
        try connection.wait()
        try connection.consumeInput()
        #expect(!connection.isBusy)
        #expect(connection.nextResult()?.status == .copyIn)
        #expect(connection.isUsable && connection.errorMessage.isEmpty)
        try connection.put("1\n")
        #expect(try connection.flush())
        #expect(connection.nextResult()?.status == .copyIn)
        try connection.putCopyEnd()
        let error = try #require(try connection.results().first?.error(connectionLost: false))
        #expect(error.server?.sqlState == "23514")
        #expect(try connection.value("SELECT count(*) FROM t") == "0")
    }

    @Test func `PQnotifies does not read the socket`() throws {
        let cluster = try Servers.source
        let database = try cluster.createDatabase()
        let connection = try connect(cluster.conninfo(database: database))
        try connection.value("LISTEN c")
        try cluster.psql("NOTIFY c, 'p'", database: database)
        try connection.wait()
        #expect(connection.nextNotification() == nil)
        try connection.consumeInput()
        let notification = connection.nextNotification()
        #expect(notification?.channel == "c" && notification?.payload == "p")
    }

    @Test func `COPY IN answers CopyFail with its reason, and no cancel request`() throws {
        let connection = try connectToFreshDatabase()
        try connection.value("CREATE TABLE t (i int)")
        let observer = try connect(Servers.source.conninfo())
        try connection.beginCopy("COPY t FROM STDIN", .copyIn)
        try eventually("the server waits for data") {
            try observer.value("SELECT wait_event FROM pg_stat_activity WHERE pid = \(connection.backendPID)")
                == "ClientRead"
        }
        #expect(CancelHandle(connection)?.send() == nil)
        // The absence of an answer has no event to wait for.
        #expect(!connection.isReady(within: 300))
        try connection.putCopyEnd(failing: "for a reason")
        let error = try #require(try connection.results().first?.error(connectionLost: false)?.server)
        #expect(error.sqlState == "57014")
        #expect(connection.transactionStatus == .idle)
        #expect(try connection.value("SELECT count(*) FROM t") == "0")
        // Without the cancel request before it, the reason is in the text.
        try connection.beginCopy("COPY t FROM STDIN", .copyIn)
        try connection.putCopyEnd(failing: "for a reason")
        let plain = try #require(try connection.results().first?.error(connectionLost: false)?.server)
        #expect(plain.message == "COPY from stdin failed: for a reason")
    }

    @Test func `nothing of libpq is called that version 15 does not have`() throws {
        let newer = [
            "PQcancelCreate", "PQcancelStart", "PQsocketPoll", "PQsendPipelineSync", "PQsetChunkedRowsMode",
            "PQclosePrepared", "PQchangePassword", "PQgetCurrentTimeUSec", "PQfullProtocolVersion",
        ]
        let folder = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/Sources/PQ"
        let stream = try #require(opendir(folder))
        defer { closedir(stream) }
        var files = 0
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name.hasSuffix(".swift") else { continue }
            files += 1
            let text = try contents(of: folder + "/" + name)
            for call in newer { #expect(!text.contains(call), "\(name)") }
        }
        #expect(files > 5)
    }

    private func contents(of path: String) throws -> String {
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        var bytes: [UInt8] = []
        while true {
            let byte = getc(file)
            if byte == EOF { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(UInt8(byte))
        }
    }
}
