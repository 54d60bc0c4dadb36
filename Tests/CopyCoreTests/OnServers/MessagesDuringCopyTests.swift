// Notices and notifications that arrive while a copy runs.

import CopyCore
import TestKit
import Testing

@Suite(.overBothTransports) struct `Messages during a copy` {
    /// What a handler heard, and how many cycles were over by then.
    private struct Heard: Equatable {
        var text: String
        var label: String
    }

    private let small = CopySettings.buffer(2_000)

    /// Runs the copy; gives what was heard inside the loop and how many cycles came after the last of it.
    private func run(_ manager: CopyManager, _ heard: () -> Int) throws -> (sum: Totals, cyclesAfter: Int) {
        var cycles = 0
        var lastHeardAt = 0
        var count = 0
        let sum = try manager.withCopy { copy in
            var sum = Totals.zero
            while let event = try copy.next() {
                guard case .moved(let cycle) = event else { continue }
                cycles += 1
                if heard() > count {
                    count = heard()
                    lastHeardAt = cycles
                }
                sum += cycle
            }
            // Or in the last turn of the loop, while the end was being confirmed.
            if heard() > count { lastHeardAt = cycles }
            return sum
        }
        #expect(lastHeardAt > 0)
        return (sum, cycles - lastHeardAt)
    }

    private let notices =
        Message.notice(severity: "NOTICE", code: "00000", message: "a notice")
        + Message.notice(severity: "WARNING", code: "01X1X", message: "a warning")

    private let wantedNotices = ["NOTICE 00000 a notice", "WARNING 01X1X a warning"]

    @Test(arguments: [CopyFormat.text, .binary])
    func `notices in the source's stream are heard while the loop runs (testNotices)`(format: CopyFormat) throws {
        let stage = try Stage()
        let proxy = try FaultProxy(to: stage.cluster)
        let producer = try stage.producer("source", format, on: stage.session("source", through: proxy))
        var heard: [Heard] = []
        producer.session.onNotice = { session, notice in
            heard.append(
                Heard(text: "\(notice.severity) \(notice.sqlState) \(notice.message)", label: session.label))
        }
        proxy.arm(.inject(notices), at: .copyMessages(1000))
        let (sum, after) = try run(
            stage.manager(producer, [stage.receiver("d1", format)], small), { heard.count })
        #expect(heard == wantedNotices.map { Heard(text: $0, label: "source") })
        #expect(after > 10 && sum.messages == format.messages(10_000))
        #expect(try stage.digest("d1") == stage.digest("source"))
        proxy.stop()
    }

    @Test(arguments: [CopyFormat.text, .binary])
    func `notices in a destination's stream are heard while the loop runs (testNotices)`(format: CopyFormat) throws {
        let stage = try Stage()
        let proxy = try FaultProxy(to: stage.cluster)
        let receiver = try stage.receiver("d1", format, on: stage.session("d1", through: proxy))
        var heard: [String] = []
        receiver.session.onNotice = { heard.append("\($1.severity) \($1.sqlState) \($1.message)") }
        proxy.arm(.inject(notices), direction: .toClient, at: .copyMessages(3), of: .toServer)
        let (sum, after) = try run(stage.manager(stage.producer("source", format), [receiver], small), { heard.count })
        #expect(heard == wantedNotices)
        #expect(after >= 0 && sum.messages == format.messages(10_000))
        #expect(try stage.digest("d1") == stage.digest("source"))
        proxy.stop()
    }

    @Test(arguments: Way.allCases)
    func `the notices of a destination's trigger are heard while the loop runs`(way: Way) throws {
        let stage = try Stage(rows: 300_000, way: way)
        try stage.admin.run(
            """
            CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE NOTICE 'row %', NEW.i USING DETAIL = 'a detail'; RETURN NEW; END $$;
            CREATE TRIGGER tell BEFORE INSERT ON d1 FOR EACH ROW WHEN (NEW.i % 1000 = 0) EXECUTE FUNCTION tell()
            """)
        let receiver = try stage.receiver("d1")
        var heard: [ServerMessage] = []
        receiver.session.onNotice = { heard.append($1) }
        let (sum, after) = try run(
            stage.manager(stage.producer(), [receiver, stage.receiver("d2")], .buffer(20_000)), { heard.count })
        #expect(heard.map(\.message) == (1...300).map { "row \($0 * 1000)" })
        #expect(heard.first?.detail == "a detail" && heard.first?.severity == "NOTICE")
        #expect(after >= 0 && sum.messages == 300_000)
        #expect(receiver.commandTag == "COPY 300000")
        #expect(try stage.digest("d1") == stage.digest("d2"))
    }

    @Test func `a notification in the source's stream is heard while the loop runs (testAsyncNotify)`() throws {
        let stage = try Stage()
        let proxy = try FaultProxy(to: stage.cluster)
        let producer = try stage.producer(on: stage.session("source", through: proxy))
        var heard: [Notification] = []
        producer.session.onNotification = { heard.append($1) }
        proxy.arm(
            .inject(Message.notification(channel: "channel", payload: "payload", pid: 1234)), at: .copyMessages(1000))
        let (sum, after) = try run(stage.manager(producer, [stage.receiver("d1")], small), { heard.count })
        #expect(heard == [Notification(channel: "channel", payload: "payload", pid: 1234)])
        #expect(after > 10 && sum.messages == 10_000)
        #expect(try stage.digest("d1") == stage.digest("source"))
        proxy.stop()
    }

    @Test func `a notification in a destination's stream is heard, and others are not disturbed (testAsyncNotify)`()
        throws
    {
        let stage = try Stage()
        let proxy = try FaultProxy(to: stage.cluster)
        let receiver = try stage.receiver("d1", on: stage.session("d1", through: proxy))
        var heard: [Notification] = []
        receiver.session.onNotification = { heard.append($1) }
        proxy.arm(
            .inject(Message.notification(channel: "channel", pid: 1234)), direction: .toClient,
            at: .copyMessages(3), of: .toServer)
        let other = try stage.receiver("d2")
        let (sum, _) = try run(stage.manager(stage.producer(), [receiver, other], small), { heard.count })
        #expect(heard == [Notification(channel: "channel", payload: "", pid: 1234)])
        #expect(sum.messages == 10_000 && receiver.commandTag == "COPY 10000")
        let wanted = try stage.digest("source")
        #expect(try stage.digest("d1") == wanted && stage.digest("d2") == wanted)
        proxy.stop()
    }

    @Test(arguments: Way.allCases)
    func `a notification sent before a copy is delivered, once and in order`(way: Way) throws {
        let stage = try Stage(rows: 100, way: way)
        let source = try stage.session("source")
        let target = try stage.session("target")
        var heard: [String] = []
        for session in [source, target] {
            session.onNotification = { heard.append("\($0.label) \($1.payload)") }
            try session.run("LISTEN c")
        }
        try stage.admin.run("NOTIFY c, '1'; NOTIFY c, '2'")
        try transfer(stage.producer(on: source), stage.receiver("d1", on: target))
        #expect(heard.filter { $0.hasPrefix("source") } == ["source 1", "source 2"])
        #expect(heard.filter { $0.hasPrefix("target") } == ["target 1", "target 2"])
    }
}
