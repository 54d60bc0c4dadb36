// Notices that come in pieces over TLS, where nobody can look into what has come.

import CopyCore
import TestKit
import Testing

struct SplitNoticeTests {
    /// libpq hides errors while rows are sent: what is no notice for a second is taken for one.
    @Test(arguments: TransportChoice.allCases)
    func `a notice that came in pieces is not taken for an error later`(transport: TransportChoice) throws {
        let stage = try Stage(rows: 1, way: .tls)
        try stage.admin.run(
            """
            CREATE FUNCTION talk() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN RAISE NOTICE ''%'', repeat(''n'', 500000); RETURN NEW; END';
            CREATE TRIGGER talk BEFORE INSERT ON d1 FOR EACH ROW EXECUTE FUNCTION talk()
            """)
        // The second row pushes the first one out; the rest comes so late that a suspicion would have had its time.
        let rows = """
            (SELECT i, CASE i WHEN 3 THEN pg_sleep(1.5)::text ELSE repeat('x', 30000) END FROM generate_series(1, 4) i)
            """
        let producer = StatementProducer(try stage.session("source"), "COPY \(rows) TO STDOUT", transport: transport)
        let session = try stage.session("d1")
        var notices = 0
        session.onNotice = { _, _ in notices += 1 }
        let receiver = StatementReceiver(session, "COPY d1 FROM STDIN", transport: transport)
        try CopyManager(producer, [receiver], poller: PatientPoller(limit: 20)).run()
        #expect(receiver.commandTag == "COPY 4" && notices == 4)
    }
}
