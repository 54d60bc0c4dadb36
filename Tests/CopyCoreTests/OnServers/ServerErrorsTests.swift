// Errors of the servers: told when they are sent, in the servers' own words, and only to whom they concern.

import CopyCore
import TestKit
import Testing

@Suite(.overBothTransports) struct `Errors of servers` {
    /// A source that would take minutes.
    private let endless = "(SELECT generate_series(1, 500000000), 'row')"

    @Test(arguments: [CopyFormat.text, .binary], [Way.unixSocket, .tls])
    func `an error in a row of the source is the producer's fault, with its SQLSTATE`(format: CopyFormat, way: Way)
        throws
    {
        let stage = try Stage(way: way)
        let producer = try stage.producer("(SELECT i / (5000 - i), t FROM source)", format)
        let receiver = try stage.receiver("d1", format)
        let manager = stage.manager(producer, [receiver], .buffer(512))
        let failure = copyFail {
            try manager.withCopy { copy in
                let fault = try copy.nextProducerFault()
                #expect(sqlState(fault?.cause) == "22012" && (fault?.cause as? PgcopyError)?.code == .server)
                #expect(fault?.description == "source: division by zero")
            }
        }
        #expect(sqlState(failure?.producerFault) == "22012" && failure?.receiverFaults.isEmpty == true)
        #expect(producer.totals.messages == 4_999 && producer.commandTag == nil)
        #expect(producer.session.isIdleAndAnswers && receiver.session.isIdleAndAnswers)
        #expect(try stage.value("SELECT count(*) FROM d1") == "0")
    }

    @Test(arguments: Way.allCases, [1 << 20, 2_000])
    func `a destination's error is told when it is sent, long before the end, with all its fields`(
        way: Way, buffer: Int
    ) throws {
        let stage = try Stage(rows: 1, way: way)
        try stage.admin.run("ALTER TABLE d1 ADD CONSTRAINT small CHECK (i < 1000)")
        let receiver = try stage.receiver("d1")
        let other = try stage.receiver("d2")
        let manager = stage.manager(try stage.producer(endless), [receiver, other], .buffer(buffer))
        let failure = copyFail {
            try manager.withCopy { copy in
                let begun = stage.poller.now
                let faults = try #require(try copy.nextReceiverFaults())
                #expect(stage.poller.now.seconds(since: begun) < 15)
                #expect(faults.count == 1 && copy.receivers.map(\.label) == ["d2"])
                let error = try #require((faults[receiver] as? PgcopyError)?.server)
                #expect(error.sqlState == "23514" && error.message.contains(#"constraint "small""#))
                #expect(error.detail == "Failing row contains (1000, row).")
                #expect(error.context == "COPY d1, line 1000: \"1000\trow\"")
                // The copy goes on with the rest.
                try copy.drop(faults)
                #expect(try copy.next() != nil)
            }
        }
        #expect(failure?.reason == .incomplete && sqlState(failure?[receiver]) == "23514")
        #expect(failure?[other] == nil)
        #expect(receiver.session.isIdleAndAnswers && other.session.isIdleAndAnswers)
        #expect(manager.producer.totals.messages < 100_000_000)
    }

    @Test(arguments: Way.allCases)
    func `a destination's error right behind a notice is told when it is sent`(way: Way) throws {
        let stage = try Stage(rows: 1, way: way)
        try stage.admin.run(
            """
            CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE NOTICE 'about to fail'; RAISE EXCEPTION 'failed' USING HINT = 'the hint'; END $$;
            CREATE TRIGGER tell BEFORE INSERT ON d1 FOR EACH ROW WHEN (NEW.i = 1000) EXECUTE FUNCTION tell()
            """)
        let receiver = try stage.receiver("d1")
        var heard: [String] = []
        receiver.session.onNotice = { heard.append($1.message) }
        let producer = try stage.producer("(SELECT generate_series(1, 10000000), 'row')")
        let manager = stage.manager(producer, [receiver, NullReceiver()])
        _ = copyFail {
            try manager.withCopy { copy in
                let faults = try copy.nextReceiverFaults()
                #expect((faults?[receiver] as? PgcopyError)?.server?.hint == "the hint")
                #expect(heard == ["about to fail"])
                // libpq keeps an error to itself that came in one piece with a notice.
                withKnownIssue(isIntermittent: true) {
                    #expect(producer.totals.messages < 10_000_000, "seen at the end only")
                } when: {
                    Stage.transport == .libpq
                }
            }
        }
        #expect(receiver.session.isIdleAndAnswers)
    }

    @Test(arguments: Way.allCases)
    func `a destination's error is told while the source has nothing to give`(way: Way) throws {
        let stage = try Stage(rows: 1, way: way)
        try stage.admin.run("ALTER TABLE d1 ADD CHECK (i < 1000)")
        let receiver = try stage.receiver("d1")
        // Rows by the thousand, then five minutes of nothing.
        let producer = try stage.producer(
            "(SELECT generate_series(1, 20000), 'row' UNION ALL SELECT 0, pg_sleep(300)::text)")
        let failure = copyFail {
            try stage.manager(producer, [receiver]).withCopy { copy in
                let begun = stage.poller.now
                let faults = try copy.nextReceiverFaults()
                #expect(sqlState(faults?[receiver]) == "23514")
                #expect(stage.poller.now.seconds(since: begun) < 20)
            }
        }
        #expect(failure?.reason == .noReceivers)
        #expect(producer.session.isIdleAndAnswers && receiver.session.isIdleAndAnswers)
    }

    @Test(arguments: CopyFormat.allCases)
    func `survivors of a fault are complete and exact`(format: CopyFormat) throws {
        let stage = try Stage(rows: 100_000)
        try stage.admin.run("ALTER TABLE d2 ADD CHECK (i < 50000)")
        let receivers = try ["d1", "d2", "d3"].map { try stage.receiver($0, format) }
        let manager = stage.manager(try stage.producer("source", format), receivers, .buffer(5_000))
        try manager.withCopy { copy in
            let faults = try copy.nextReceiverFaults()
            #expect(faults?.map(\.receiver.label) == ["d2"])
            try copy.drop(receivers[1])
            while try copy.next() != nil {}
        }
        let wanted = try stage.digest("source")
        #expect(try stage.digest("d1") == wanted && stage.digest("d3") == wanted)
        #expect(try stage.value("SELECT count(*) FROM d2") == "0")
        for receiver in receivers { #expect(receiver.session.isIdleAndAnswers) }
    }

    @Test(arguments: Way.allCases)
    func `a deferred error at the end is a receiver's fault like any other`(way: Way) throws {
        let stage = try Stage(way: way)
        try stage.admin.run(
            """
            CREATE TABLE parent (i int PRIMARY KEY); INSERT INTO parent SELECT generate_series(1, 9999);
            ALTER TABLE d1 ADD FOREIGN KEY (i) REFERENCES parent DEFERRABLE INITIALLY DEFERRED
            """)
        let receiver = try stage.receiver("d1")
        let other = try stage.receiver("d2")
        let producer = try stage.producer()
        let manager = stage.manager(producer, [receiver, other])
        try manager.withCopy { copy in
            let faults = try copy.nextReceiverFaults()
            #expect(faults?.count == 1 && sqlState(faults?[receiver]) == "23503")
            #expect((faults?[receiver] as? PgcopyError)?.server?.detail?.contains("(i)=(10000)") == true)
            try copy.drop(receiver)
            while try copy.next() != nil {}
        }
        #expect(other.commandTag == "COPY 10000" && receiver.commandTag == nil)
        #expect(try stage.digest("d2") == stage.digest("source"))
        #expect(try stage.value("SELECT count(*) FROM d1") == "0")
        #expect(receiver.session.isIdleAndAnswers && producer.session.isIdleAndAnswers)
    }

    @Test(arguments: Way.allCases)
    func `the source's backend is terminated: its FATAL words are the fault`(way: Way) throws {
        let stage = try Stage(rows: 1, way: way)
        // It sleeps when it is terminated: a backend that is stuck in sending says nothing any more.
        let producer = try stage.producer(
            "(SELECT generate_series(1, 3000), 'row' UNION ALL SELECT 0, pg_sleep(300)::text)")
        let receiver = try stage.receiver("d1")
        let failure = copyFail {
            try stage.manager(producer, [receiver]).withCopy { copy in
                _ = try copy.next()
                try eventually("the source sleeps") {
                    try stage.value(
                        "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
                            + " AND datname = current_database()") == "1"
                }
                try stage.cluster.terminateBackends(applicationName: "\(stage.database) source")
                let fault = try copy.nextProducerFault()
                #expect(sqlState(fault?.cause) == "57P01", "\(fault as Any)")
            }
        }
        #expect(sqlState(failure?.producerFault) == "57P01")
        #expect(!producer.session.connection.isUsable)
        #expect(receiver.session.isIdleAndAnswers)
        #expect(try stage.value("SELECT count(*) FROM d1") == "0")
    }

    @Test(arguments: Way.allCases)
    func `the source's backend is terminated while it sends: the connection is lost`(way: Way) throws {
        let stage = try Stage(rows: 1, way: way)
        let producer = try stage.producer(endless)
        let receiver = try stage.receiver("d1")
        let failure = copyFail {
            try stage.manager(producer, [receiver]).withCopy { copy in
                for _ in 0..<5 { _ = try copy.next() }
                try stage.cluster.terminateBackends(applicationName: "\(stage.database) source")
                let fault = try copy.nextProducerFault()
                let error = fault?.cause as? PgcopyError
                #expect(error?.code == .connectionLost || error?.server?.sqlState == "57P01", "\(fault as Any)")
            }
        }
        #expect(failure?.producerFault?.has(.connectionLost) == true)
        #expect(!producer.session.connection.isUsable)
        #expect(receiver.session.isIdleAndAnswers)
    }

    @Test(arguments: Way.allCases)
    func `a destination's backend is terminated: its FATAL words are the fault, the other goes on`(way: Way) throws {
        let stage = try Stage(rows: 1, way: way)
        let producer = try stage.producer(endless)
        let dying = try stage.receiver("d1")
        let other = try stage.receiver("d2")
        let failure = copyFail {
            try stage.manager(producer, [dying, other]).withCopy { copy in
                for _ in 0..<5 { _ = try copy.next() }
                try stage.cluster.terminateBackends(applicationName: "\(stage.database) d1")
                let faults = try copy.nextReceiverFaults()
                #expect(faults?.map(\.receiver.label) == ["d1"])
                // Where libpq meets the end of the stream while it sends, it drops what it has read.
                withKnownIssue(isIntermittent: true) {
                    #expect(sqlState(faults?[dying]) == "57P01", "\(faults as Any)")
                } when: {
                    Stage.transport == .libpq
                }
                #expect(faults?[dying]?.has(.connectionLost) == true)
                try copy.drop(dying)
                #expect(try copy.next() != nil)
            }
        }
        #expect(failure?.receiverFaults.map(\.label) == ["d1"])
        #expect(!dying.session.connection.isUsable)
        #expect(producer.session.isIdleAndAnswers && other.session.isIdleAndAnswers)
    }
}
