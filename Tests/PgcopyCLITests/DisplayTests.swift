// The display as a person sees it, at every stage of a run and in windows of several sizes, beside what is committed.

import TestKit
import Testing

@testable import CopyCore
@testable import CopyModel
@testable import PgcopyCLI

/// A run that is told event by event to the report of a terminal.
private final class Show {
    let device: FakeDevice
    private let report: LiveReport
    private let labels: [String]
    private var seconds = 0.0
    private var taken: [Double]
    private var read = 0.0

    static let source = "127.0.0.1:5501/shop#orders"
    static let orders = 184_220_100

    init(
        _ columns: Int, _ rows: Int,
        _ labels: [String] = ["127.0.0.1:5502/shop#orders", "service=eu#orders", "orders.bin"]
    ) {
        device = FakeDevice(columns: columns, rows: rows)
        var traits = TerminalTraits()
        (traits.isLive, traits.isUnicode, traits.takesProgress) = (true, true, true)
        let terminal = Terminal(traits, device)
        let console = Console { terminal.write($0) }
        report = LiveReport(
            terminal, PlainReport(console, tellsCommits: true), source: Self.source, interval: .seconds(1),
            startsWithRows: false)
        self.labels = labels
        taken = labels.map { _ in 0 }
    }

    func tell(_ event: TransferEvent) { report.receive(event) }

    /// A second goes by, in which so many MiB come, and each destination takes its own.
    func second(
        _ megabytes: Double, _ rates: [Double], _ states: [DestinationProgress.State]? = nil,
        stage: TransferStage = .copying, _ change: (inout TransferProgress) -> Void = { _ in }
    ) {
        seconds += 1
        read += megabytes * 1_048_576
        for place in rates.indices { taken[place] = min(read, taken[place] + rates[place] * 1_048_576) }
        let total = Totals(messages: Int(read / 300), bytes: Int(read))
        let cycle = Totals(messages: Int(megabytes * 1_048_576 / 300), bytes: Int(megabytes * 1_048_576))
        var progress = TransferProgress(
            duration: .seconds(seconds + 1),
            reading: RateMeter.Reading(
                cycle: cycle, cycleDuration: .seconds(1), total: total, duration: .seconds(seconds)),
            destinations: labels.enumerated().map { place, label in
                DestinationProgress(
                    label: label, state: states.flatMap { place < $0.count ? $0[place] : nil } ?? .copying,
                    taken: Int(taken[place]),
                    rate: (rates.indices.contains(place) ? rates[place] : 0) * 1_048_576,
                    behind: Int(read - taken[place]))
            }, stage: stage)
        let table = Forecast.Table(rows: 2_000_000, bytes: 500 << 20, moved: total)
        progress.forecast = Forecast([table], moved: total.bytes)
        progress.streams = [StreamProgress(number: 1, table: "public.orders", bytes: total.bytes, size: 500 << 20)]
        change(&progress)
        report.receive(.progress(progress))
    }

    /// Rows flow for some seconds.
    func flow() {
        for rate in [31.0, 42, 47, 38, 22, 40, 44] { second(rate, [rate, rate * 0.98, 60]) }
    }
}

struct `The display` {
    private func of(_ columns: Int, _ rows: Int, _ run: (Show) -> Void) -> String {
        let show = Show(columns, rows)
        run(show)
        #expect(show.device.screen.unknown == [] && show.device.screen.showsCursor)
        return show.device.screen.text
    }

    /// Scenes of a run, in their order.
    private static var scenes: [(name: String, run: (Show) -> Void)] {
        [
            (
                "preparing",
                { show in
                    show.second(
                        0, [], [.connecting, .preparing, .preparing], stage: .preparing(["127.0.0.1:5502/shop#orders"]))
                }
            ),
            (
                "waiting for a lock",
                { show in
                    let holder = LockWait.Holder(
                        pid: 4711, program: "psql", state: "idle in transaction", duration: .seconds(35))
                    show.second(0, [], [.preparing, .preparing, .preparing], stage: .preparing([]))
                    show.tell(
                        .waitingForLock(LockWait(table: "public.orders", holder: holder), at: "service=eu#orders"))
                }
            ),
            ("copying", { $0.flow() }),
            (
                "one stalls",
                { show in
                    show.flow()
                    for _ in 0..<4 { show.second(1, [1, 0, 1], [.copying, .stalled, .copying]) }
                }
            ),
            (
                "one is reconciled",
                { show in
                    show.flow()
                    show.second(1, [1, 0, 1], [.copying, .stalled, .copying])
                    let timeout = PgcopyError.timeout(after: .seconds(30), awaitingConfirmation: false)
                    show.tell(.fault(timeout, at: "service=eu#orders", .reconciled(tries: 1, limit: 10)))
                    show.second(1, [1, 0, 1], [.copying, .stalled, .copying])
                }
            ),
            (
                "one fails",
                { show in
                    show.flow()
                    let full = ServerMessage(
                        severity: "ERROR", sqlState: "53100", message: "could not extend file: No space left on device",
                        hint: "Check free disk space.")
                    show.tell(.fault(PgcopyError(.server, "", server: full), at: "service=eu#orders", .dropped))
                    show.second(40, [40, 0, 60], [.copying, .failed, .copying])
                }
            ),
            (
                "committing",
                { show in
                    show.flow()
                    show.second(
                        0, [9, 9, 9], [.committed, .committing, .complete],
                        stage: .committing("service=eu#orders", number: 2, of: 3))
                }
            ),
            (
                "many streams",
                { show in
                    show.flow()
                    show.second(40, [40, 40, 60]) { progress in
                        progress.tables = (12, 200)
                        progress.streams = (1...4).map { number in
                            StreamProgress(
                                number: number, table: number < 3 ? "sales.orders" : "表格.items_\(number)",
                                part: number < 3 ? "blocks \(number)000 to \(number)999" : nil,
                                bytes: number * 9_000_000, size: 60_000_000)
                        }
                    }
                }
            ),
            (
                "the end",
                { show in
                    show.flow()
                    show.tell(
                        .finished(
                            TransferOutcome(
                                destinations: [
                                    .init(
                                        label: "127.0.0.1:5502/shop#orders", status: .committed, rows: 917_504,
                                        bytes: 264 << 20),
                                    .init(
                                        label: "service=eu#orders", status: .rolledBack, bytes: 200 << 20,
                                        error: PgcopyError(
                                            .connectionLost, "the connection to the server was closed unexpectedly")),
                                ], totals: Totals(messages: 917_504, bytes: 264 << 20), duration: .seconds(9),
                                copyDuration: .seconds(8), started: true)))
                }
            ),
        ]
    }

    /// To make them anew, run the tests with PGCOPY_CAPTURE set and look at what has changed.
    @Test(arguments: [(80, 24), (40, 10), (200, 50)])
    func `is what it was`(columns: Int, rows: Int) throws {
        var text = ""
        for (name, run) in Self.scenes {
            text += "\(String(repeating: "=", count: columns))\n\(name)\n\n" + of(columns, rows, run)
        }
        let path = "\(repository)/Tests/PgcopyCLITests/Captures/\(columns)x\(rows).txt"
        if environmentVariable("PGCOPY_CAPTURE") != nil { try writeFile(path, Array(text.utf8)) }
        let committed = String(decoding: try readFile(path), as: UTF8.self)
        #expect(text == committed)
    }

    @Test func `is a line where there is no room, and never more than there is`() {
        #expect(of(29, 24) { $0.flow() } == "46% 264.0 MiB 44.0 MiB/s ET…\n")
        #expect(of(80, 3) { $0.flow() } == "46% 264.0 MiB 44.0 MiB/s ETA 0:07\n")
        for (columns, rows) in [(1, 1), (2, 2), (5, 40), (30, 4), (31, 5), (33, 7), (79, 6), (400, 100)] {
            for (name, run) in Self.scenes where !["one is reconciled", "one fails", "the end"].contains(name) {
                let show = Show(columns, rows, (1...12).map { "destination-\($0)#表格" })
                run(show)
                let lines = show.device.screen.lines
                #expect(
                    lines.count <= max(1, rows - 1) && show.device.screen.history == lines, "\(columns)x\(rows) \(name)"
                )
                #expect(lines.allSatisfy { TextWidth.of($0) < max(2, columns) }, "\(columns)x\(rows) \(name)")
            }
        }
    }

    @Test func `of many destinations those in trouble are shown`() {
        let show = Show(80, 7, (1...9).map { "d\($0)" })
        let states = (1...9).map { $0 == 8 ? DestinationProgress.State.stalled : .copying }
        show.second(9, Array(repeating: 9, count: 9), states)
        let lines = show.device.screen.lines
        #expect(
            lines.count == 6 && lines.last == "and 6 more"
                && lines.contains { $0.hasPrefix("d8 ") && $0.contains("stalled") })
    }

    @Test func `a wait is over once it is not told any more, or rows come`() {
        let holder = LockWait.Holder(pid: 7)
        let show = Show(80, 24)
        func isWaiting() -> Bool { show.device.screen.text.contains("held by pid 7") }
        show.second(1, [1, 1, 1])
        show.tell(.waitingForLock(LockWait(table: "t", holder: holder), at: "orders.bin"))
        #expect(isWaiting() && show.device.screen.progress.hasPrefix("4;"))
        show.second(1, [1, 1, 0])
        #expect(isWaiting())
        show.second(1, [1, 1, 3])
        #expect(!isWaiting() && show.device.screen.progress.hasPrefix("1;"))
        show.tell(.waitingForLock(LockWait(table: "t", holder: holder), at: Show.source))
        #expect(isWaiting())
        for _ in 0..<3 { show.second(0, [0, 0, 0]) }
        #expect(!isWaiting())
    }

    @Test func `messages scroll above, in the plain report's words`() {
        let show = Show(80, 24)
        show.flow()
        let notice = ServerMessage(severity: "NOTICE", sqlState: "00000", message: "hello\u{1B}[2J")
        show.tell(.notice(notice, at: "service=eu#orders"))
        show.tell(.stderr("a line", at: "program:x"))
        let lines = show.device.screen.lines
        #expect(lines.prefix(2) == ["pgcopy: service=eu#orders: NOTICE: hello\\u{1B}[2J", "pgcopy: program:x: a line"])
        #expect(lines.count == 7 && lines[2].hasSuffix("ETA 0:07"))
    }

    @Test func `ASCII where the locale knows no more`() {
        var state = DisplayState(source: "s", interval: .seconds(1))
        let moved = Totals(messages: 5, bytes: 500)
        var progress = TransferProgress(
            duration: .seconds(2),
            reading: .init(cycle: moved, cycleDuration: .seconds(1), total: moved, duration: .seconds(1)),
            destinations: [DestinationProgress(label: "d", taken: 500, behind: 0)])
        progress.forecast = Forecast([.init(rows: 10, bytes: 1000, moved: moved)], moved: 500)
        state.note(.progress(progress))
        progress.duration = .seconds(3)
        state.note(.progress(progress))
        let lines = DisplayText(state: state, columns: 100, rows: 24, isUnicode: false).lines
        let text = lines.map { $0.rendered(false) }.joined()
        #expect(text.utf8.allSatisfy { $0 < 0x80 } && text.contains("=====") && text.contains("50%"), "\(text)")
    }

    /// Of a run in which programs take part.
    private static func programs() -> (FakeDevice, LiveReport) {
        let device = FakeDevice(columns: 80, rows: 24)
        var traits = TerminalTraits()
        traits.isLive = true
        let terminal = Terminal(traits, device)
        let plain = PlainReport(Console { terminal.write($0) }, tellsCommits: true)
        return (
            device,
            LiveReport(terminal, plain, source: "program:ssh", interval: .seconds(1), startsWithRows: true)
        )
    }

    @Test func `a wait is told where there is no room, and where nothing is shown yet`() {
        let wait = LockWait(table: "t", holder: LockWait.Holder(pid: 7))
        let show = Show(28, 24)
        show.second(1, [1, 1, 1])
        show.tell(.waitingForLock(wait, at: "orders.bin"))
        #expect(show.device.screen.lines == ["waiting for a lock on t, h…"])
        let (device, report) = Self.programs()
        report.receive(.waitingForLock(wait, at: "d"))
        #expect(device.screen.lines == ["pgcopy: d: waiting for a lock on t, held by pid 7, hidden"])
    }

    @Test func `programs may ask for something before rows flow`() {
        let (device, report) = Self.programs()
        var progress = TransferProgress(
            duration: .seconds(1),
            reading: .init(cycle: .zero, cycleDuration: .seconds(1), total: .zero, duration: .zero), destinations: [])
        progress.stage = .preparing([])
        report.receive(.progress(progress))
        #expect(device.written.isEmpty)
        progress.stage = .copying
        progress.reading.total.bytes = 1
        report.receive(.progress(progress))
        #expect(!device.written.isEmpty)
    }
}

struct `Reports at an interval` {
    @Test func `have the rates of that time`() throws {
        final class Taker: EventSink {
            var all: [TransferProgress] = []
            func receive(_ event: TransferEvent) { if case .progress(let progress) = event { all.append(progress) } }
        }
        let taker = Taker()
        let pacer = ReportPacer(.seconds(1), taker)
        for tick in 0...10 {
            let total = Totals(messages: tick * 10, bytes: tick * 1000)
            var progress = TransferProgress(
                duration: .milliseconds(tick * 200),
                reading: .init(
                    cycle: .zero, cycleDuration: .milliseconds(200), total: total,
                    duration: .milliseconds(tick * 200)),
                destinations: [DestinationProgress(label: "d", taken: tick * 500, behind: 0)])
            progress.forecast = Forecast([.init(rows: 200, bytes: 1, moved: total)], moved: total.bytes)
            pacer.receive(.progress(progress))
        }
        #expect(taker.all.map(\.reading.total.messages) == [0, 50, 100])
        #expect(
            taker.all[1].reading.cycle == Totals(messages: 50, bytes: 5000) && taker.all[2].reading.cycleRate == 5000)
        #expect(taker.all[2].destinations[0].rate == 2500 && taker.all[2].forecast.remaining == .seconds(2))
    }
}
