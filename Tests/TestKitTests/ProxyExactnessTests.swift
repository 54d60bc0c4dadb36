// The proxy's offsets are exact: bytes are counted on both sides of it.

import TestKit
import Testing

/// 1000 rows of 13 bytes of payload: 1000 CopyData frames of 18 bytes.
private let copyOut = "COPY (SELECT lpad(i::text, 12, '0') FROM generate_series(1, 1000) i) TO STDOUT"

@Suite struct ProxyExactnessTests {
    /// Runs the COPY through a faulted proxy; what came after the first CopyData's first byte.
    private func copyBytes(_ fault: Fault, at trigger: Trigger) throws -> (bytes: [UInt8], ending: RawSocket.Ending) {
        let proxy = try FaultProxy(to: Servers.source)
        proxy.arm(fault, at: trigger)
        let client = try RawSocket.session(port: proxy.port)
        try client.send(RawSocket.query(copyOut))
        let (bytes, ending) = try client.readToEnd()
        #expect(proxy.faultCount == 1)
        // CopyOutResponse with one column: 1 + 4 + 1 + 2 + 2 bytes.
        return (Array(bytes.dropFirst(10)), ending)
    }

    @Test(arguments: Seeded.seeds(8)) func `a reset comes at its byte`(seed: UInt64) throws {
        var rng = Seeded(seed)
        let offset = rng.next(in: 0..<18_000)
        let (bytes, ending) = try copyBytes(.reset, at: .copyBytes(offset))
        #expect(bytes.count == offset, "\(rng)")
        #expect(ending == .rst, "\(rng)")
    }

    @Test(arguments: [0, 1, 17, 18, 19, 17_999, 18_000]) func `a close comes at its byte`(offset: Int) throws {
        let (bytes, ending) = try copyBytes(.close, at: .copyBytes(offset))
        #expect(bytes.count == offset)
        #expect(ending == .fin)
    }

    @Test(arguments: [0, 1, 500, 1000]) func `messages are counted`(count: Int) throws {
        #expect(try copyBytes(.close, at: .copyMessages(count)).bytes.count == count * 18)
    }

    @Test func `a truncation ends inside of a message`() throws {
        let bytes = try copyBytes(.truncate(), at: .copyMessages(3)).bytes
        #expect(bytes.count == 3 * 18 + 6)
        #expect(bytes.suffix(6) == [0x64, 0, 0, 0, 17, UInt8(ascii: "0")])
    }

    @Test func `a flip changes one byte and no other`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        proxy.arm(.flip(mask: 0x0F), at: .copyBytes(18 + 5))
        let psql = try Servers.source.psqlProgram(["-c", copyOut], conninfo: proxy.conninfo()).run()
        let lines = psql.output.split(separator: "\n")
        #expect(lines[1] == "?00000000002", "\(psql)")
        #expect(lines[0] == "000000000001" && lines[2] == "000000000003")
        #expect(lines.count == 1000)
    }

    @Test func `offsets on the way to the server are exact, too`() throws {
        let server = try RawSocket.Listener()
        let proxy = try FaultProxy(toPort: server.port)
        let startup = RawSocket.startup()
        let frame = Message.copyData(Array("12345".utf8))
        proxy.arm(.close, direction: .toServer, at: .copyBytes(23))
        let client = try RawSocket.connect(port: proxy.port)
        let upstream = server.accept()
        try client.send(startup + RawSocket.query("COPY t FROM STDIN"))
        for _ in 0..<5 { try client.send(frame) }
        let (bytes, ending) = try upstream.readToEnd()
        #expect(bytes.count == startup.count + RawSocket.query("COPY t FROM STDIN").count + 23)
        #expect(ending == .fin)
    }

    @Test func `bytes are counted from the first of the connection`() throws {
        let server = try RawSocket.Listener()
        let proxy = try FaultProxy(toPort: server.port)
        proxy.arm(.reset, direction: .toServer, at: .bytes(11))
        let client = try RawSocket.connect(port: proxy.port)
        let upstream = server.accept()
        try client.send(RawSocket.startup())
        let (bytes, ending) = try upstream.readToEnd()
        #expect(bytes == Array(RawSocket.startup().prefix(11)))
        #expect(ending == .rst)
    }

    @Test func `a half close leaves the other direction open`() throws {
        let server = try RawSocket.Listener()
        let proxy = try FaultProxy(toPort: server.port)
        let client = try RawSocket.connect(port: proxy.port)
        let upstream = server.accept()
        try client.send(RawSocket.startup())
        try upstream.read { $0.count == RawSocket.startup().count }
        proxy.arm(.halfClose, direction: .toClient, at: .bytes(3))
        try upstream.send([1, 2, 3, 4, 5])
        let (bytes, ending) = try client.readToEnd()
        #expect(bytes == [1, 2, 3] && ending == .fin)
        try client.send([7, 8])
        #expect(try upstream.read { $0.count == 2 } == [7, 8])
    }

    @Test func `bytes are swallowed and the connection stays`() throws {
        let server = try RawSocket.Listener()
        let proxy = try FaultProxy(toPort: server.port)
        let client = try RawSocket.connect(port: proxy.port)
        let upstream = server.accept()
        try client.send(RawSocket.startup())
        proxy.arm(.swallow, direction: .toServer, at: .copyMessages(1))
        try client.send(Message.copyData([1]) + Message.copyData([2]))
        try upstream.read { $0.count == RawSocket.startup().count + 6 }
        try proxy.waitUntilTriggered()
        try upstream.send([9])
        #expect(try client.read { !$0.isEmpty } == [9])
        // The second message and what is sent behind the fault never come: the next thing is the end.
        try client.send(Message.copyData([3]))
        try upstream.send([10])
        #expect(try client.read { !$0.isEmpty } == [10])
        proxy.stop()
        #expect(try upstream.readToEnd().bytes.isEmpty)
    }
}
