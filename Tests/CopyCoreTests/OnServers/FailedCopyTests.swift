// Copies that are left before their end, by the user or an interruption: the model's aborts, on a real server.

import CopyCore
import Glibc
import TestKit
import Testing

@Suite(.overBothTransports) struct `Failed copies on a server` {
    /// More than any buffer on the way holds.
    private let endless = "(SELECT generate_series(1, 10000000), 'row')"

    @Test(arguments: [CopyFormat.text, .binary])
    func `breaking out of the loop is no success (testUnfinishedCopy)`(format: CopyFormat) throws {
        let stage = try Stage()
        let producer = try stage.producer(endless, format)
        let receiver = try stage.receiver("d1", format)
        let manager = stage.manager(producer, [receiver], .buffer(512))
        let failure = copyFail { try manager.withCopy { copy in for _ in 0..<3 { _ = try copy.next() } } }
        #expect(failure?.reason == .incomplete && failure?.cause == nil)
        #expect(failure?.receiverFaults.isEmpty == true && failure?.producerFault == nil)
        #expect(producer.commandTag == nil && receiver.commandTag == nil)
        #expect(producer.session.isIdleAndAnswers && receiver.session.isIdleAndAnswers)
        #expect(try stage.value("SELECT count(*) FROM d1") == "0")
    }

    @Test(arguments: CopyFormat.allCases, [11, 100, 4_096])
    func `a user's error in the loop is the cause, and both connections are usable (testRaiseInCopy)`(
        format: CopyFormat, buffer: Int
    ) throws {
        let stage = try Stage()
        let producer = try stage.producer("source", format)
        let receivers = try ["d1", "d2"].map { try stage.receiver($0, format) }
        let manager = stage.manager(producer, receivers, .buffer(buffer))
        let failure = copyFail {
            try manager.withCopy { copy in
                // Eleven bytes are hardly ever a whole message.
                for _ in 0..<3 { _ = try copy.next() }
                throw UsersOwn()
            }
        }
        #expect(failure?.cause as? UsersOwn == UsersOwn() && failure?.reason == .incomplete)
        #expect(failure?.receiverFaults.isEmpty == true && failure?.producerFault == nil)
        #expect(producer.session.isIdleAndAnswers)
        for receiver in receivers {
            #expect(receiver.session.isIdleAndAnswers)
            #expect(try stage.value("SELECT count(*) FROM \(receiver.label)") == "0")
        }
    }

    @Test(arguments: [CopyFormat.text, .binary])
    func `a user's error before the first cycle is the cause (testRaiseInCopyOnEnter)`(format: CopyFormat) throws {
        let stage = try Stage()
        let producer = try stage.producer("source", format)
        let receiver = try stage.receiver("d1", format)
        let failure = copyFail { try stage.manager(producer, [receiver]).withCopy { _ in throw UsersOwn() } }
        #expect(failure?.cause as? UsersOwn == UsersOwn())
        #expect(producer.session.isIdleAndAnswers && receiver.session.isIdleAndAnswers)
        #expect(try stage.value("SELECT count(*) FROM d1") == "0")
    }

    @Test func `the server is told the reason with which its COPY fails`() throws {
        let stage = try Stage()
        let proxy = try FaultProxy(to: stage.cluster)
        try stage.admin.run("ALTER DATABASE \(stage.database) SET log_min_messages = error")
        let receiver = try stage.receiver("d1", on: stage.session("d1", through: proxy))
        _ = copyFail { try stage.manager(stage.producer(), [receiver]).withCopy { _ in throw UsersOwn(number: 7) } }
        #expect(receiver.session.isIdleAndAnswers)
        // CopyFail is an error of its own in the server's log, with our words.
        let log = try TextFile(stage.cluster.logFile).text
        #expect(log.contains("COPY from stdin failed: pgcopy: UsersOwn(number: 7)"))
        proxy.stop()
    }

    @Test func `in an open transaction the leaving is seen as a failed one`() throws {
        let stage = try Stage()
        let source = try stage.session("source")
        let target = try stage.session("target")
        try source.run("BEGIN")
        try target.run("BEGIN")
        let manager = try stage.manager(stage.producer(endless, on: source), [stage.receiver("d1", on: target)])
        let failure = copyFail { try manager.withCopy { _ = try $0.next() } }
        #expect(failure?.reason == .incomplete)
        #expect(source.transactionStatus == .inError)
        #expect(target.transactionStatus == .inError)
        try source.run("ROLLBACK")
        try target.run("ROLLBACK")
        #expect(source.isIdleAndAnswers && target.isIdleAndAnswers)
    }

    @Test(arguments: Way.allCases)
    func `leaving a source of ten million rows cancels it, 200 times on one connection, without a leak`(way: Way)
        throws
    {
        let stage = try Stage(rows: 1, way: way)
        let source = try stage.session("source")
        let target = try stage.session("target")
        func leaveOnce() throws {
            let producer = try stage.producer(endless, on: source)
            let receiver = try stage.receiver("d1", on: target)
            let failure = copyFail {
                try stage.manager(producer, [receiver]).withCopy { _ = try $0.next() }
            }
            try #require(failure?.reason == .incomplete && failure?.receiverFaults.isEmpty == true)
            try #require(failure?.producerFault == nil, "\(String(describing: failure))")
            try #require(producer.totals.messages < 10_000_000)
            try #require(source.isIdleAndAnswers && target.isIdleAndAnswers)
        }
        try leaveOnce()
        let begun = stage.poller.now
        for _ in 0..<(way == .unixSocket ? 200 : 30) { try leaveOnce() }
        // Reading such a source to its end takes seconds each time.
        #expect(stage.poller.now.seconds(since: begun) < 100)
        // Other tests open and close descriptors meanwhile: only pipes are counted, which cancelling makes.
        #expect(openPipes() < 100)
    }

    private func openPipes() -> Int {
        (0..<4096).count { descriptor in
            var status = stat()
            return fstat(CInt(descriptor), &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
        }
    }

    @Test func `an interruption in the middle ends the copy and is its cause`() throws {
        let interruption = try #require(Interruption())
        let stage = try Stage(interruption: interruption)
        let producer = try stage.producer(endless)
        let receivers = try ["d1", "d2"].map { try stage.receiver($0) }
        let failure = copyFail {
            try stage.manager(producer, receivers).withCopy { copy in
                var cycles = 0
                while try copy.next() != nil {
                    cycles += 1
                    if cycles == 5 { interruption.raise(SIGINT) }
                }
            }
        }
        #expect(failure?.cause as? Interrupted == Interrupted(signal: SIGINT))
        for session in [producer.session] + receivers.map(\.session) {
            #expect(session.connection.isUsable && session.transactionStatus == .idle)
        }
        #expect(try stage.value("SELECT count(*) FROM d1") == "0")
    }

    @Test func `an interruption while entering waits for a lock ends the copy`() throws {
        let interruption = try #require(Interruption())
        let stage = try Stage(interruption: interruption)
        try stage.admin.run("BEGIN; LOCK TABLE d2")
        let producer = try stage.producer(endless)
        let receivers = try ["d1", "d2"].map { try stage.receiver($0) }
        let manager = stage.manager(producer, receivers)
        interruption.raise(SIGTERM)
        let failure = copyFail { try manager.run() }
        #expect(failure?.reason == .notStarted && failure?.cause as? Interrupted == Interrupted(signal: SIGTERM))
        #expect(producer.session.connection.isUsable && producer.session.transactionStatus == .idle)
    }

    @Test func `a destination that does not answer at leave is given up in time, the others are usable`() throws {
        let stage = try Stage()
        let proxy = try FaultProxy(to: stage.cluster)
        let stuck = try stage.receiver("d1", on: stage.session("stuck", through: proxy))
        let other = try stage.receiver("d2")
        let producer = try stage.producer(endless)
        let manager = stage.manager(
            producer, [stuck, other], .with { $0.grace = .milliseconds(500) })
        var begun = stage.poller.now
        let failure = copyFail {
            try manager.withCopy { copy in
                for _ in 0..<3 { _ = try copy.next() }
                proxy.arm(.stall, direction: .toClient, at: .now)
                try proxy.waitUntilTriggered()
                begun = stage.poller.now
            }
        }
        let seconds = stage.poller.now.seconds(since: begun)
        #expect(seconds >= 0.5 && seconds < 4)
        #expect(failure?.receiverFaults.count == 1)
        #expect((failure?[stuck] as? PgcopyError)?.timeout == .milliseconds(500))
        #expect(!stuck.session.connection.isUsable)
        #expect(producer.session.isIdleAndAnswers && other.session.isIdleAndAnswers)
        proxy.resume()
        // Nothing of it may be committed when its server hears of the end.
        try stage.cluster.waitForBackends(applicationName: "\(stage.database) stuck", count: 0)
        #expect(try stage.value("SELECT count(*) FROM d1") == "0")
        proxy.stop()
    }
}
