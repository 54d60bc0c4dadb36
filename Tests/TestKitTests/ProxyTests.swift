// Each fault as psql meets it.

import Glibc
import TestKit
import Testing

@Suite struct ProxyTests {
    /// Rows enough for several socket buffers.
    private let manyRows = "COPY (SELECT i, repeat('x', 90) FROM generate_series(1, 50000) i) TO STDOUT"

    private func psql(_ proxy: FaultProxy, _ arguments: String..., database: String = "postgres") throws -> Program {
        try Servers.source.psqlProgram(arguments, conninfo: proxy.conninfo(database: database))
    }

    @Test(arguments: [FaultProxy.Route.tcp, .unixSocket])
    func `nothing changes without a fault`(route: FaultProxy.Route) throws {
        let cluster = try Servers.source
        let proxy = try FaultProxy(to: cluster, by: route)
        let direct = try cluster.psqlProgram(["-c", manyRows], conninfo: cluster.conninfo()).run()
        let through = try psql(proxy, "-c", manyRows).run()
        #expect(through.status == .exited(0), "\(through)")
        #expect(through.standardOutput == direct.standardOutput)
        let counters = proxy.counters
        #expect(counters.connections == 1 && counters.toClient.copyMessages == 50_000)
        #expect(counters.toClient.copyBytes >= direct.standardOutput.count + 5 * 50_000)
        #expect(proxy.faultCount == 0)
    }

    @Test func `rows for a server arrive unchanged`() throws {
        let cluster = try Servers.source
        let database = try cluster.createDatabase()
        try cluster.psql("CREATE TABLE t (i int)", database: database)
        let proxy = try FaultProxy(to: cluster)
        let rows = (1...100_000).map { "\($0)\n" }.joined()
        let program = try psql(proxy, "-c", "COPY t FROM STDIN", database: database)
            .with { $0.input = .bytes(Array(rows.utf8)) }
        #expect(try program.run().status == .exited(0))
        #expect(try cluster.psql("SELECT count(*), sum(i) FROM t", database: database) == "100000|5000050000")
        #expect(proxy.counters.toServer.copyMessages > 10)
    }

    @Test func `encrypted connections pass, and can be reset`() throws {
        let cluster = try Servers.tls
        let proxy = try FaultProxy(to: cluster)
        let program = cluster.psqlProgram(
            ["-Atc", "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"], conninfo: proxy.conninfo())
        #expect(try program.run().output == "t\n")
        proxy.arm(.reset, at: .bytes(proxy.counters.toClient.bytes / 2), on: .number(1))
        #expect(try program.run().code == 2)
        #expect(proxy.faultCount == 1)
    }

    @Test func `a reset makes psql fail`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        proxy.arm(.reset, at: .copyBytes(100_000))
        let result = try psql(proxy, "-c", manyRows).run()
        #expect(result.code != 0)
        #expect(result.errors.contains("server closed the connection unexpectedly"), "\(result)")
    }

    @Test func `a stall holds until it is resumed`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        proxy.arm(.stall, at: .copyBytes(100_000))
        let running = try psql(proxy, "-c", manyRows).start()
        try proxy.waitUntilTriggered()
        #expect(proxy.counters.toClient.copyBytes == 100_000)
        #expect(!running.hasEnded)
        proxy.resume()
        #expect(try running.wait().output.split(separator: "\n").count == 50_000)
    }

    @Test func `a stall for a given time ends by itself`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        proxy.arm(.stall(for: .milliseconds(200)), at: .copyMessages(10))
        let result = try psql(proxy, "-c", manyRows).run()
        #expect(result.status == .exited(0), "\(result)")
        #expect(proxy.faultCount == 1)
        #expect(result.output.split(separator: "\n").count == 50_000)
        #expect(result.duration >= .milliseconds(200))
    }

    @Test func `a slow line takes its time`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        proxy.arm(.slow(bytesPerSecond: 1_000_000), at: .copyBytes(0))
        let result = try psql(proxy, "-c", "COPY (SELECT repeat('x', 300000)) TO STDOUT").run()
        #expect(result.output.count == 300_001)
        #expect(result.duration >= .milliseconds(250))
    }

    @Test func `a delay counts once a turn, not once a byte`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        proxy.delay(toServer: .milliseconds(20), toClient: .milliseconds(20))
        let result = try psql(proxy, "-c", manyRows).run()
        #expect(result.output.split(separator: "\n").count == 50_000)
        // Startup and one statement: two turns of 40 ms, whatever the bytes.
        #expect(proxy.counters.roundTrips == 2)
        #expect(result.duration >= .milliseconds(80))
    }

    @Test func `notices and notifications are injected among the rows of a server`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        proxy.arm(.inject(Message.notice(message: "while copying")), at: .copyMessages(100))
        proxy.arm(
            .inject(Message.notification(channel: "ch", payload: "p", pid: 1234)), at: .copyMessages(200))
        let result = try psql(proxy, "-c", manyRows).run()
        #expect(result.errors == "NOTICE:  while copying\n", "\(result)")
        #expect(result.output.contains(#"notification "ch" with payload "p" received from"#))
        #expect(result.output.split(separator: "\n").count == 50_001)
    }

    @Test func `one message is replaced by another, the next ones are not`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        let tag = Message.commandComplete("ROLLBACK")
        proxy.arm(.replace(tag), at: .answer(to: "COMMIT"))
        let result = try psql(proxy, "-c", "BEGIN", "-c", "COMMIT", "-c", "SELECT 'after'", "-c", "COMMIT").run()
        #expect(proxy.faultCount == 1)
        #expect(result.output.hasPrefix("BEGIN\nROLLBACK\n") && result.output.contains("after"), "\(result)")
        #expect(result.output.hasSuffix("COMMIT\n") && result.code == 0, "\(result)")
        proxy.stop()
    }

    @Test func `notices are injected while the client sends`() throws {
        let cluster = try Servers.source
        let proxy = try FaultProxy(to: cluster)
        let notice = Message.notice(severity: "WARNING", code: "01X1X", message: "while sending")
        proxy.arm(.inject(notice), direction: .toClient, at: .copyMessages(5), of: .toServer)
        let rows = [UInt8](repeating: UInt8(ascii: "\n"), count: 500_000)
        let program = try psql(proxy, "-c", "CREATE TEMP TABLE t (x text)", "-c", "COPY t FROM STDIN")
            .with { $0.input = .bytes(rows) }
        let result = try program.run()
        #expect(result.status == .exited(0) && result.errors == "WARNING:  while sending\n", "\(result)")
        #expect(result.output.contains("COPY 500000"))
    }

    @Test func `a COMMIT whose answer is lost is committed, one that is lost itself is not`() throws {
        let cluster = try Servers.source
        let database = try cluster.createDatabase()
        try cluster.psql("CREATE TABLE t (i int)", database: database)
        func commit(_ fault: Fault, _ trigger: Trigger, value: Int) throws {
            let proxy = try FaultProxy(to: cluster)
            proxy.arm(fault, at: trigger)
            defer { #expect(proxy.faultCount == 1) }
            try psql(
                proxy, "-c", "BEGIN", "-c", "INSERT INTO t VALUES (\(value))", "-c", "COMMIT", database: database
            ).run().expecting(2)
        }
        try commit(.reset, .answer(to: "COMMIT"), value: 1)
        try commit(.close, .answer(to: "COMMIT"), value: 2)
        try commit(.reset, .beforeQuery("COMMIT"), value: 3)
        let committed = try cluster.psql("SELECT i FROM t ORDER BY i", database: database)
        #expect(committed == "1\n2")
    }

    @Test func `only the chosen connections are hit`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        proxy.arm(.reset, at: .answer(to: "SELECT"), on: .number(1))
        proxy.arm(.close, at: .answer(to: "SELECT"), on: .matching { $0.parameters["database"] == "template1" })
        #expect(try psql(proxy, "-c", "SELECT 1").run().code == 0)
        #expect(try psql(proxy, "-c", "SELECT 1").run().code == 2)
        #expect(try psql(proxy, "-c", "SELECT 1").run().code == 0)
        #expect(try psql(proxy, "-c", "SELECT 1", database: "template1").run().code == 2)
        #expect(proxy.faultCount == 2)
    }

    @Test func `a cancel request passes and is counted`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        let running = try psql(proxy, "-c", "\\echo ready", "-c", "SELECT pg_sleep(60)").start()
        try proxy.wait { $0.toServer.bytes > 0 && $0.roundTrips >= 1 }
        try running.waitForOutput(containing: "ready", on: .output)
        try Servers.source.waitForSleep()
        running.signal(SIGINT)
        let result = try running.wait()
        #expect(result.errors.contains("canceling statement due to user request"), "\(result)")
        #expect(proxy.counters.cancelRequests == 1 && proxy.counters.connections == 2)
    }

    @Test func `new connections are refused and taken again, open ones go on`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        let program = try psql(proxy, "-c", "SELECT 1")
        for _ in 0..<5 {
            try program.run().expecting(0)
            let open = try RawSocket.session(port: proxy.port)
            proxy.refuseNewConnections()
            #expect(try program.run().errors.contains("Connection refused"))
            try open.send(RawSocket.query("SELECT 1"))
            try open.read { $0.last == UInt8(ascii: "I") }
            try proxy.acceptNewConnections()
        }
        try program.run().expecting(0)
        proxy.stop()
    }

    @Test func `a proxy that is stopped resets its connections`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        let client = try RawSocket.session(port: proxy.port)
        #expect(proxy.openConnections == 1)
        proxy.stop()
        #expect(try client.readToEnd().ending == .rst)
        proxy.stop()
    }
}

extension Cluster {
    fileprivate func waitForSleep() throws {
        try eventually("a session that sleeps") {
            try psql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") != "0"
        }
    }
}
