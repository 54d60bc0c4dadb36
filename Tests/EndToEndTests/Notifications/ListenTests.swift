// `pgcopy listen`: what it prints and when it ends.

import Foundation
import Glibc
import TestKit
import Testing

struct ListenTests {
    private let cluster: Cluster
    private let channel = freshChannel()

    init() throws { cluster = try Servers.source }

    @Test func `a line per notification, from every connection and channel, until the count`() throws {
        let other = try Servers.first
        let one = cluster.conninfo()
        let two = other.conninfo()
        let running = try Program.listening("-c", channel, "-c", "second", "--count=4", one, two)
        try cluster.notify(channel, "tab\there", "back\\slash\nline")
        try running.waitForOutput("two lines", on: .output) { $0.split(separator: "\n").count == 2 }
        try other.notify("second", "é")
        try running.waitForOutput("three lines", on: .output) { $0.split(separator: "\n").count == 3 }
        let before = running.text(.output)
        try other.notify(channel, "", "beyond the count")
        let result = try running.wait()
        #expect(result.code == 0, "\(result)")
        #expect(result.output.hasPrefix(before), "each was written at once")
        #expect(
            result.records.map { Array($0.prefix(3)) } == [
                [label(of: one), channel, "tab\\there"], [label(of: one), channel, "back\\\\slash\\nline"],
                [label(of: two), "second", "é"],
                [label(of: two), channel, ""],
            ], "\(result)")
        #expect(result.records.allSatisfy { $0.count == 4 && Int32($0[3]).map { $0 > 0 } == true })
    }

    @Test func `text is what COPY reads back`() throws {
        let database = try cluster.createDatabase()
        try cluster.psql("CREATE TABLE log (connection text, channel text, payload text, pid int)", database: database)
        let conninfo = cluster.conninfo(database: database)
        let payload = (1...127).map { String(UnicodeScalar($0)!) }.joined() + "é🦆"
        let running = try Program.listening("-c", channel, "--count=1", conninfo)
        let literal = "U&" + sqlLiteral(payload.unicodeScalars.map { unicodeEscape($0) }.joined())
        try cluster.psql("SELECT pg_notify(\(sqlLiteral(channel)), \(literal))", database: database)
        let lines = try running.wait().standardOutput
        let loaded = try cluster.psqlProgram(["-qc", "\\copy log FROM STDIN"], conninfo: conninfo)
            .with { $0.input = .bytes(lines) }.run()
        #expect(loaded.code == 0, "\(loaded)")
        #expect(try cluster.psql("SELECT payload = \(literal) AND pid > 0 FROM log", database: database) == "t")
    }

    private func unicodeEscape(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        return "\\+" + String(repeating: "0", count: 6 - digits.count) + digits
    }

    @Test func `json is an object a line, whatever the payload`() throws {
        let conninfo = cluster.conninfo()
        let payloads = ["plain", "", "\"\\/\n\t\u{1}\u{7f}", "{\"a\": 1}", "é🦆\u{2028}", "</script>"]
        let running = try Program.listening("-c", channel, "--count=\(payloads.count)", "--format=json", conninfo)
        for payload in payloads {
            try Program.pgcopy("notify", "-c", "\(channel)=\(payload)", conninfo).run().expecting(0)
        }
        let result = try running.wait().expecting(0)
        let objects = try result.output.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(objects.map { $0["payload"] as? String } == payloads)
        #expect(objects.allSatisfy { Set($0.keys) == ["connection", "channel", "payload", "pid"] })
        #expect(
            objects.allSatisfy {
                $0["channel"] as? String == channel && $0["connection"] as? String == label(of: conninfo)
            })
        #expect(objects.allSatisfy { ($0["pid"] as? Int).map { $0 > 0 } == true })
    }

    @Test func `timeout zero ends at once, a timeout ends in its time`() throws {
        let none = try Program.pgcopy("listen", "-c", channel, "--timeout=0", cluster.conninfo()).run()
        #expect(none.code == 0 && none.output == "" && none.errors == "", "\(none)")
        // In all: notifications on the way do not make it longer.
        let running = try Program.listening("-c", channel, "--timeout=0.5", cluster.conninfo())
        try cluster.notify(channel, "in time")
        let result = try running.wait()
        #expect(result.code == 0, "\(result)")
        #expect(result.records.map { $0[2] } == ["in time"])
        #expect(result.duration >= .milliseconds(500), "\(result)")
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func `a signal ends it within two seconds`(_ signal: Int32) throws {
        let running = try Program.listening("-c", channel, cluster.conninfo())
        let started = ContinuousClock.now
        running.signal(signal)
        let result = try running.wait()
        #expect(result.code == 128 + signal, "\(result)")
        #expect(ContinuousClock.now - started < .seconds(2))
        #expect(result.errors.contains(signal == SIGINT ? "SIGINT" : "SIGTERM"))
    }

    @Test func `a signal ends it although nobody reads its output`() throws {
        let running = try Program.listening("-c", channel, cluster.conninfo())
        running.pauseOutput()
        try cluster.psql(
            "SELECT count(pg_notify(\(sqlLiteral(channel)), repeat('x', 5000) || g)) FROM generate_series(1, 200) g")
        // It is stuck when it neither ends nor takes CPU; there is nothing else to see. Give it the time to read.
        try eventually("it writes") { stuck(running.pid) }
        running.signal(SIGTERM)
        try eventually("its end", within: .seconds(2)) { !isAlive(running.pid) }
        running.resumeOutput()
        #expect(try running.wait().code == 143)
    }

    /// Whether its stdout's pipe is full: a poll for writing is what it waits for.
    private func stuck(_ pid: Int32) -> Bool {
        guard let pipe = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/1"),
            pipe.hasPrefix("pipe:")
        else { return false }
        let descriptor = open("/proc/\(pid)/fd/1", O_RDONLY | O_NONBLOCK)
        defer { close(descriptor) }
        var count: CInt = 0
        _ = ioctl(descriptor, UInt(FIONREAD), &count)
        return count > 60_000
    }

    /// Not gone and no zombie.
    private func isAlive(_ pid: Int32) -> Bool {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
        return text.split(separator: ")").last?.split(separator: " ").first != "Z"
    }

    @Test func `a reader that leaves ends it quietly, before anything more comes`() throws {
        let running = try Program.listening("-c", channel, cluster.conninfo())
        try cluster.notify(channel, "one")
        try running.waitForOutput(containing: "one", on: .output)
        let said = running.text(.errors)
        running.closeOutput()
        let result = try running.wait()
        #expect(result.code == 1, "\(result)")
        #expect(result.errors == said)
        // In a real pipeline.
        let script = "\"$1\" listen -v -c '\(channel)' \"$2\" | head -n 2"
        let shell = try Program("sh", ["-c", script, "sh", Program.pgcopyPath(), cluster.conninfo()]).start()
        try shell.waitForOutput(containing: "pgcopy: listening\n")
        try cluster.notify(channel, "1", "2", "3", "4")
        let piped = try shell.wait().expecting(0)
        #expect(piped.records.map { $0[2] } == ["1", "2"])
    }

    @Test func `a full disk is said`() throws {
        let shell = try Program(
            "sh",
            [
                "-c", "exec \"$1\" listen -v -c '\(channel)' \"$2\" > /dev/full", "sh", Program.pgcopyPath(),
                cluster.conninfo(),
            ]
        ).start()
        try shell.waitForOutput(containing: "pgcopy: listening\n")
        try cluster.notify(channel, "x")
        let result = try shell.wait()
        #expect(result.code == 1 && result.errors.contains("No space left on device"), "\(result)")
    }

    @Test func `what cannot begin exits with 2 and starts nothing`() throws {
        let good = cluster.conninfo()
        let long = String(repeating: "x", count: 64)
        for words in [
            ["-c", channel, good, "-"], ["-c", channel, "null:"], ["-c", channel, "./file"],
            ["-c", channel, good + "#t"],
            ["-c", channel, good, cluster.conninfo(database: "nosuch")], ["-c", long, good], [good],
        ] {
            let result = try Program.pgcopy(["listen", "--timeout=0"] + words).run()
            #expect(result.code == 2 && result.output == "", "\(result)")
            #expect(result.errors.hasPrefix("pgcopy: "), "\(result)")
        }
    }

    @Test func `a server that refuses to listen is named, and nothing goes on without it`() throws {
        let latin = cluster.conninfo(database: try cluster.createDatabase(encoding: "LATIN1"))
        let result = try Program.pgcopy("listen", "-c", channel, "-c", "🦆", cluster.conninfo(), latin).run()
        #expect(result.code == 1 && result.output == "", "\(result)")
        #expect(result.errors.hasPrefix("pgcopy: \(label(of: latin)): ERROR: "), "\(result)")
        #expect(result.errors.contains("22P05"), "\(result)")
        // What it can have, it listens on, though the bytes differ there.
        let running = try Program.listening("-c", "é" + channel, "--count=1", latin)
        try Program.pgcopy("notify", "-c", "é\(channel)=ü", latin).run().expecting(0)
        #expect(try running.wait().expecting(0).records.map { Array($0[1...2]) } == [["é" + channel, "ü"]])
    }

    @Test func `a flood is printed complete and in order`() throws {
        let running = try Program.listening("-c", channel, "--count=100000", cluster.conninfo())
        try cluster.psql("SELECT count(pg_notify(\(sqlLiteral(channel)), g::text)) FROM generate_series(1, 100000) g")
        let result = try running.wait().expecting(0)
        let isComplete = result.records.map { $0[2] } == (1...100_000).map { "\($0)" }
        #expect(isComplete)
        #expect(result.peakMemory < 100_000_000)
    }

    @Test func `without reconnecting it ends when the last connection is gone`() throws {
        let proxy = try FaultProxy(to: cluster)
        let other = try FaultProxy(to: cluster)
        let running = try Program.listening("-c", channel, proxy.conninfo(), other.conninfo())
        proxy.resetConnections()
        try running.waitForOutput(containing: "the connection is lost")
        try cluster.notify(channel, "to the other")
        try running.waitForOutput(containing: "to the other", on: .output)
        other.resetConnections()
        let result = try running.wait()
        #expect(result.code == 1, "\(result)")
        #expect(result.errors.hasSuffix("pgcopy: no connection is left\n"))
        proxy.stop()
    }

    @Test func `a password is asked for on the terminal and shown nowhere`() throws {
        let tls = try Servers.tls
        let running = try Program.pgcopy(
            "listen", "-v", "-c", channel, "--count=1", tls.tcpConninfo(withPassword: false)
        ).with { $0.terminal = .controlling }.start()
        try running.waitForOutput(containing: "Password for ", on: .screen)
        running.type(Cluster.password + "\n")
        try running.waitForOutput(containing: "pgcopy: listening\n")
        try tls.notify(channel, "over TLS")
        let result = try running.wait().expecting(0)
        #expect(result.records.map { $0[2] } == ["over TLS"])
        let refused = try Program.pgcopy(
            "listen", "-w", "-c", channel, tls.tcpConninfo(["password": "wrong secret"])
        ).run()
        #expect(refused.code == 2, "\(refused)")
        let given = try Program.pgcopy("listen", "-v", "-c", channel, "--timeout=0", tls.tcpConninfo()).run()
        #expect(given.code == 0, "\(given)")
        for text in [result.screenText, result.errors, result.output, refused.errors, given.errors] {
            #expect(!text.contains(Cluster.password) && !text.contains("wrong secret") && !text.contains("pass%20"))
        }
    }
}
