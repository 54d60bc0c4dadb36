// `listen --reconnect`: connections that are lost, and the record that says so.

import Foundation
import Glibc
import TestKit
import Testing

struct ListenReconnectTests {
    private let channel = freshChannel()

    @Test func `a restarted server is listened on again, and the gap is told`() throws {
        let cluster = try Cluster()
        let steady = try Servers.source
        let running = try Program.listening(
            "-c", channel, "--reconnect", cluster.conninfo(), steady.conninfo())
        try cluster.notify(channel, "before")
        try running.waitForOutput(containing: "before", on: .output)
        try cluster.stop(.immediate)
        try running.waitForOutput(containing: "the connection is lost; it is opened again")
        try running.waitForOutput(containing: "the next try comes in")
        try steady.notify(channel, "meanwhile")
        try running.waitForOutput(containing: "meanwhile", on: .output)
        try cluster.start()
        let gap = "\(label(of: cluster.conninfo()))\t\\N\tgap\t\\N\n"
        try running.waitForOutput(containing: gap, on: .output, within: .seconds(60))
        try cluster.notify(channel, "after")
        try running.waitForOutput(containing: "after", on: .output)
        running.signal(SIGINT)
        let result = try running.wait()
        #expect(result.code == 130, "\(result)")
        #expect(result.records.map { $0[2] } == ["before", "meanwhile", "gap", "after"])
        #expect(result.errors.contains("listening again"))
    }

    @Test func `in json the gap is an event, and does not count`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        let running = try Program.listening(
            "-c", channel, "--reconnect", "--format=json", "--count=2", proxy.conninfo())
        for round in 1...2 {
            proxy.resetConnections()
            try running.waitForOutput("gap \(round)", on: .output) {
                $0.components(separatedBy: "\"gap\"").count == round + 1
            }
        }
        try Servers.source.notify(channel, "1", "2")
        let result = try running.wait().expecting(0)
        let objects = try result.output.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        let expected: [String: String] = ["type": "gap", "connection": label(of: proxy.conninfo())]
        #expect(objects.prefix(2).map { $0 as? [String: String] } == [expected, expected])
        #expect(objects.dropFirst(2).map { $0["payload"] as? String } == ["1", "2"])
        proxy.stop()
    }

    @Test func `an ended backend's last words are told`() throws {
        let cluster = try Cluster()
        let running = try Program.listening("-c", channel, "--reconnect", cluster.conninfo())
        #expect(try cluster.terminateBackends(applicationName: "pgcopy") == 1)
        try running.waitForOutput(containing: "\tgap\t", on: .output)
        running.signal(SIGTERM)
        let result = try running.wait()
        #expect(result.code == 143)
        #expect(result.errors.contains("FATAL: terminating connection due to administrator command (SQLSTATE 57P01)"))
        #expect(result.errors.components(separatedBy: "administrator command").count == 2, "told once: \(result)")
    }

    @Test func `a timeout and signals end it while it tries in vain`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        let timed = try Program.listening("-c", channel, "--reconnect", "--timeout=1", proxy.conninfo())
        let waiting = try Program.listening("-c", channel, "--reconnect", proxy.conninfo())
        proxy.refuseNewConnections()
        proxy.resetConnections()
        try waiting.waitForOutput(containing: "the next try comes in")
        waiting.signal(SIGTERM)
        #expect(try waiting.wait().code == 143)
        #expect(try timed.wait().code == 0)
        proxy.stop()
    }

    @Test func `a try that hangs is interrupted all the same`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        let running = try Program.listening("-c", channel, "--reconnect", proxy.conninfo())
        proxy.arm(.stall, at: .bytes(0), on: .all, times: 9)
        proxy.resetConnections()
        try proxy.waitUntilTriggered()
        let started = ContinuousClock.now
        running.signal(SIGTERM)
        #expect(try running.wait().code == 143)
        #expect(ContinuousClock.now - started < .seconds(2))
        proxy.stop()
    }

    @Test func `the first connection must succeed`() throws {
        let result = try Program.pgcopy(
            "listen", "-c", channel, "--reconnect", "postgresql://127.0.0.1:1/nobody"
        ).run()
        #expect(result.code == 2, "\(result)")
    }
}
