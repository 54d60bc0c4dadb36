// `pgcopy notify`: all or nothing, in order.

import Foundation
import TestKit
import Testing

struct NotifyTests {
    private let cluster: Cluster
    private let channel = freshChannel()

    init() throws { cluster = try Servers.source }

    @Test func `everything arrives everywhere, in order, from one transaction`() throws {
        let other = try Servers.first
        let servers = [cluster.conninfo(), other.conninfo()]
        let ears = try servers.map { try Program.listening("-c", channel, "-c", "Odd=\"name\" 🦆", "--count=5", $0) }
        let result = try Program.pgcopy(
            [
                "notify", "-c", channel, "-c", "\(channel)=b=c", "-c", "\"Odd=\"\"name\"\" 🦆\"=$(rm -rf .)\n;`x`", "-c",
                "\(channel)=2", "-c", "\(channel)=1",
            ] + servers
        ).run()
        #expect(result.code == 0 && result.output == "" && result.errors == "", "\(result)")
        for ear in ears {
            let records = try ear.wait().expecting(0).records
            #expect(
                records.map { Array($0[1...2]) } == [
                    [channel, ""], [channel, "b=c"], ["Odd=\"name\" 🦆", "$(rm -rf .)\\n;`x`"], [channel, "2"],
                    [channel, "1"],
                ])
            #expect(Set(records.map { $0[3] }).count == 1, "one backend")
        }
    }

    @Test(arguments: [
        String(repeating: "x", count: 64), "", "=payload", "\"open", String(repeating: "é", count: 32),
    ])
    func `one bad channel, and nothing is sent anywhere`(_ bad: String) throws {
        let ear = try Program.listening("-c", channel, "--count=1", cluster.conninfo())
        let result = try Program.pgcopy(
            "notify", "-c", "\(channel)=no", "-c", bad, cluster.conninfo(), try Servers.first.conninfo()
        ).run()
        #expect(result.code == 2, "\(result)")
        #expect(result.errors.contains("Try \"pgcopy notify --help\""))
        try cluster.notify(channel, "yes")
        #expect(try ear.wait().expecting(0).records.map { $0[2] } == ["yes"])
    }

    @Test func `the longest payload goes, a byte more does not`() throws {
        let ear = try Program.listening("-c", channel, "--count=1", cluster.conninfo())
        let longest = String(repeating: "é", count: 3999) + "x"
        let refused = try Program.pgcopy("notify", "-c", "\(channel)=\(longest)x", cluster.conninfo()).run()
        #expect(refused.code == 2 && refused.errors.contains("8000 bytes"), "\(refused)")
        try Program.pgcopy("notify", "-c", "\(channel)=\(longest)", cluster.conninfo()).run().expecting(0)
        #expect(try ear.wait().expecting(0).records.map { $0[2] } == [longest])
    }

    @Test func `a connection that cannot be made stops it all`() throws {
        let ear = try Program.listening("-c", channel, "--count=1", cluster.conninfo())
        for bad in [cluster.conninfo(database: "nosuch"), "-", "null:", "./x", cluster.conninfo() + "#t"] {
            let result = try Program.pgcopy("notify", "-c", "\(channel)=no", cluster.conninfo(), bad).run()
            #expect(result.code == 2, "\(result)")
        }
        try cluster.notify(channel, "yes")
        #expect(try ear.wait().expecting(0).records.map { $0[2] } == ["yes"])
    }

    @Test func `a failure before the commits sends nothing, one at a commit is told for what it is`() throws {
        let proxy = try FaultProxy(to: Servers.first)
        let ear = try Program.listening("-c", channel, "--count=2", cluster.conninfo())
        proxy.arm(.reset, at: .beforeQuery("pg_notify"))
        let lost = try Program.pgcopy("notify", "-c", "\(channel)=no", cluster.conninfo(), proxy.conninfo()).run()
        #expect(lost.code == 1, "\(lost)")
        #expect(lost.errors.contains("nothing was sent"))

        proxy.arm(.reset, at: .answer(to: "COMMIT"), on: .all)
        let doubtful = try Program.pgcopy("notify", "-c", "\(channel)=1", cluster.conninfo(), proxy.conninfo()).run()
        #expect(doubtful.code == 4, "\(doubtful)")
        #expect(
            doubtful.errors.contains("in doubt") && doubtful.errors.contains("\(label(of: cluster.conninfo())): sent"))
        try cluster.notify(channel, "2")
        #expect(try ear.wait().expecting(0).records.map { $0[2] } == ["1", "2"])
        proxy.stop()
    }

    @Test func `what is not sent because another one is in doubt is named`() throws {
        let proxy = try FaultProxy(to: Servers.first)
        proxy.arm(.reset, at: .answer(to: "COMMIT"), on: .all)
        let result = try Program.pgcopy("notify", "-c", "\(channel)=1", proxy.conninfo(), cluster.conninfo()).run()
        #expect(result.code == 4 && result.errors.contains("in doubt"), "\(result)")
        #expect(result.errors.contains("\(label(of: cluster.conninfo())): nothing was sent"), "\(result)")
        proxy.stop()
    }

    @Test func `a commit that may not have arrived is in doubt, the one before it is sent`() throws {
        let proxy = try FaultProxy(to: Servers.first)
        let ear = try Program.listening("-c", channel, "--count=1", cluster.conninfo())
        proxy.arm(.reset, at: .beforeQuery("COMMIT"))
        let result = try Program.pgcopy("notify", "-c", "\(channel)=1", cluster.conninfo(), proxy.conninfo()).run()
        #expect(result.code == 4, "\(result)")
        #expect(try ear.wait().expecting(0).records.map { $0[2] } == ["1"])
        proxy.stop()
    }
}
