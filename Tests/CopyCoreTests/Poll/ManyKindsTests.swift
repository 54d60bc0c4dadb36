// Tasks of every kind in one run: a copy, a round of pipelines, a batch, listening, a statement, an opening, a child.

import Glibc
import TestKit
import Testing

@testable import CopyCore

@Suite struct `Tasks of every kind` {
    /// What becomes of a batch's statements.
    private final class Record: BatchSink {
        var ended: [String] = []

        func receive(_ event: BatchEvent) {
            guard case .ended(_, let outcome, let session) = event else { return }
            switch outcome {
            case .success(let result): ended.append("\(session): \(result.commandTag)")
            case .failure(let error):
                ended.append("\(session): \((error as? PgcopyError)?.sqlState ?? "\(error)")")
            }
        }
    }

    /// A database and a folder of one test, and a poller that all share.
    private final class Stage {
        let poller = TimelessPoller()
        let record = Record()
        let directory: TemporaryDirectory
        private let cluster: Cluster
        private let owned: Database
        private let output: TestFile

        init() throws {
            signal(SIGPIPE, SIG_IGN)
            cluster = try Servers.source
            owned = try Database(on: cluster)
            directory = try TemporaryDirectory()
            output = try TestFile()
            _ = try directory.pipe()
            try cluster.psql("CREATE TABLE t (n int)", database: owned.name)
        }

        func session() throws -> Session {
            try PipelineStage.session(cluster.conninfo(database: owned.name), poller)
        }

        func rows() throws -> String { try cluster.psql("SELECT n FROM t ORDER BY n", database: owned.name) }

        func sleepers() throws -> Int? {
            try Int(
                cluster.psql(
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()",
                    database: owned.name
                ).prefix { $0 != "\n" })
        }

        func batch(_ text: String) throws -> Batch {
            try Batch(
                .texts([text]), on: [session(), session()], output: TextOutput(output.descriptor), sink: record,
                poller: poller)
        }

        func child(_ script: String) throws -> ChildProcess {
            var command = ChildProcess.Command.shell(Array(script.utf8))
            command.variables = ["FOLDER=\(directory.path)"]
            return try ChildProcess(command, input: .inherited, group: .own)
        }

        func opening(_ timeout: Duration? = nil) throws -> Opening {
            try Opening(
                Path(Array(directory.file("pipe").utf8)), O_RDONLY, "cannot open", poller,
                .init(timeout: timeout))
        }

        func statement(_ sql: String, _ session: Session, timeout: Duration? = nil) throws -> StatementTask {
            try session.connection.sendQuery(sql)
            return StatementTask(session, timeout: timeout)
        }

        /// A copy that waits for a scripted descriptor, again and again.
        func copy(_ descriptor: CInt, rows: Int) -> (FakeReceiver, CopyTask) {
            let receiver = FakeReceiver("fake", descriptor: descriptor)
            let blocked = FakeProducer(
                (0..<rows).flatMap { [.block, .rows(["\($0)\n"])] }, descriptor: descriptor + 100)
            poller.script.always(descriptor + 100, readyAfter: 1)
            let task = CopyTask(CopyManager(blocked, [receiver], poller: poller)) { event, copy in
                guard case .faulted(let faults) = event else { return }
                for fault in faults { try copy.drop(fault.receiver) }
            }
            return (receiver, task)
        }
    }

    @Test func `go on side by side in one run, each waiting for what another one does`() throws {
        let stage = try Stage()
        let listening = try stage.session()
        try listening.listen(["done"])
        let manager = try NotificationManager([listening], poller: stage.poller)
        // The round waits for a lock of the batch's, which goes on once the statement lets go of its own.
        let holder = try stage.session()
        try holder.run("SELECT pg_advisory_lock(1)")
        let statement = try stage.statement("SELECT pg_sleep(0.1), pg_advisory_unlock(1)", holder)
        let batch = try stage.batch(
            "BEGIN; SELECT pg_advisory_xact_lock(1); INSERT INTO t VALUES (1); NOTIFY done, 'all'; COMMIT")
        let parts = try (0..<3).map { _ in PipelinePart(try stage.session(), timeout: nil, isVital: true) }
        let answers = parts.map { $0.ask(.statement("SELECT pg_advisory_xact_lock_shared(1), 'asked'")) }
        let round = try PipelineRound(parts, stage.poller)
        let opening = try stage.opening()
        let child = try stage.child("echo written > $FOLDER/pipe; exit 7")
        let (receiver, copy) = stage.copy(1001, rows: 3)
        let others: [any LoopTask] = [statement, batch, round, opening, child, copy]
        var entries: [PollEntry] = []
        var heard: [String] = []
        // Time may pass once all that is real is done.
        stage.poller.isQuiet = {
            statement.outcome != nil && batch.outcome != nil && heard.count == 2 && child.status != nil
                && !round.watch(&entries) && !opening.watch(&entries)
        }
        let isAll = try stage.poller.run(others + [manager]) {
            if case .notifications(_, let all) = manager.take() { heard += all.map(\.payload) }
            return copy.isOver && stage.poller.isQuiet()
        }
        #expect(isAll && heard == ["all", "all"])
        #expect(try statement.outcome?.get().last?.value(0, 1) == "t")
        #expect(try batch.outcome?.get() == Committer.Verdict.all)
        #expect(try stage.rows() == "1\n1")
        #expect(try answers.map { try $0.get().value(0, 1) } == ["asked", "asked", "asked"])
        #expect(parts.allSatisfy { $0.session.transactionStatus == .idle && $0.session.pipelineInProgress == nil })
        close(try opening.take())
        #expect(child.status == .exited(7))
        #expect(copy.failure == nil && receiver.text == "0\n1\n2\n" && stage.poller.script.elapsed == 3)
    }

    @Test func `fail each by itself; the others go on`() throws {
        let stage = try Stage()
        let lost = try stage.session()
        let statement = try stage.statement("SELECT pg_terminate_backend(pg_backend_pid())", lost)
        let batch = try stage.batch("INSERT INTO t VALUES (1); SELECT 1/0; INSERT INTO t VALUES (2)")
        let bad = PipelinePart(try stage.session(), timeout: nil, isVital: false)
        let good = PipelinePart(try stage.session(), timeout: nil, isVital: false)
        bad.ask(.statement("SELECT nosuch"))
        let answer = good.ask(.statement("SELECT 'good'"))
        let round = try PipelineRound([bad, good], stage.poller)
        let opening = try stage.opening(.seconds(5))
        let child = try stage.child("kill -9 $$")
        let (faulty, failing) = stage.copy(1001, rows: 9)
        faulty.failsBeforeByte = 2
        let (receiver, copy) = stage.copy(1002, rows: 3)
        var entries: [PollEntry] = []
        stage.poller.isQuiet = {
            statement.outcome != nil && batch.outcome != nil && child.status != nil && !round.watch(&entries)
        }
        #expect(try stage.poller.run([statement, batch, round, opening, child, failing, copy]))
        #expect(throws: PgcopyError.self) { try statement.outcome?.get() }
        #expect(try batch.outcome?.get() == Committer.Verdict.none)
        #expect(try stage.rows() == "")
        #expect(stage.record.ended.count { $0.hasSuffix("22012") } == 2)
        #expect((bad.failure as? PgcopyError)?.sqlState == "42703")
        #expect(try answer.get().value(0, 0) == "good")
        #expect(throws: PgcopyError.pipeTimeout(after: .seconds(5), wantsReader: false)) { try opening.take() }
        #expect(child.status == .signalled(SIGKILL))
        #expect(failing.failure?.reason == .noReceivers)
        #expect(copy.failure == nil && receiver.text == "0\n1\n2\n")
        #expect(stage.poller.script.elapsed == 5)
    }

    @Test func `stop at a deadline, and go on behind it`() throws {
        let stage = try Stage()
        let (receiver, copy) = stage.copy(1001, rows: 4)
        let opening = try stage.opening()
        let holder = try stage.session()
        try holder.run("SELECT pg_advisory_lock(1)")
        let part = PipelinePart(try stage.session(), timeout: nil, isVital: true)
        let answer = part.ask(.statement("SELECT pg_advisory_lock(1), 'asked'"))
        let round = try PipelineRound([part], stage.poller)
        stage.poller.isQuiet = { true }
        #expect(try stage.poller.run([round, opening, copy], until: stage.poller.now + 2.5) == false)
        #expect(stage.poller.script.elapsed == 2.5 && receiver.text == "0\n1\n")
        #expect(answer.outcome == nil)
        // From here on the world goes on, too.
        let child = try stage.child(": > $FOLDER/pipe")
        let statement = try stage.statement("SELECT pg_advisory_unlock(1)", holder)
        var entries: [PollEntry] = []
        stage.poller.isQuiet = {
            statement.outcome != nil && child.status != nil && !round.watch(&entries) && !opening.watch(&entries)
        }
        #expect(try stage.poller.run([round, opening, copy, child, statement]))
        close(try opening.take())
        #expect(try answer.get().value(0, 1) == "asked")
        #expect(stage.poller.script.elapsed == 4 && receiver.text == "0\n1\n2\n3\n")
    }

    @Test func `are stopped by a signal, and see that through together`() throws {
        let stage = try Stage()
        let (receiver, copy) = stage.copy(1001, rows: 9)
        receiver.aborting.acts = [.wait]
        stage.poller.script.always(1001, readyAfter: 0.5)
        let (held, asked) = (try stage.session(), PipelinePart(try stage.session(), timeout: nil, isVital: true))
        let statement = try stage.statement("SELECT pg_sleep(1000)", held)
        asked.ask(.statement("SELECT pg_sleep(1000)"))
        let round = try PipelineRound([asked], stage.poller)
        let batch = try stage.batch("INSERT INTO t VALUES (1); SELECT pg_sleep(1000)")
        let child = try stage.child("sleep 1000")
        let opening = try stage.opening()
        stage.poller.isQuiet = { true }
        let tasks: [any LoopTask] = [copy, statement, round, batch, child, opening]
        #expect(try stage.poller.run(tasks, until: stage.poller.now) == false)
        try eventually("all are at work") { try stage.sleepers() == 4 }
        stage.poller.script.interruptedAt = stage.poller.now + 1.5
        let error = try #require(throws: Interrupted.self) { try stage.poller.run(tasks) }
        let stoppable: [any StoppableTask] = [statement, round, batch]
        for task in stoppable { task.stop(error) }
        copy.stop(error)
        child.signal(SIGTERM)
        // Nothing is late, however busy the machine is; then the copy's receiver has its turn.
        var entries: [PollEntry] = []
        stage.poller.isQuiet = { [statement, batch] in
            statement.outcome != nil && batch.outcome != nil && child.status != nil && !round.watch(&entries)
        }
        #expect(try stage.poller.run(tasks.dropLast(), interruptible: false))
        #expect(throws: Interrupted.self) { try statement.outcome?.get() }
        #expect(throws: Interrupted.self) { try batch.outcome?.get() }
        #expect(throws: (any Error).self) { try asked.check() }
        #expect(copy.failure?.cause is Interrupted && receiver.called("abort") == 2)
        #expect(child.status == .signalled(SIGTERM))
        #expect(try stage.rows() == "")
        stage.poller.script.interruptedAt = nil
        stage.poller.isQuiet = { false }
        for session in [held, asked.session] { #expect(try session.query("SELECT 7").value(0, 0) == "7") }
    }
}
