// What is asked over a second connection.

import TestKit
import Testing

@testable import CopyCore

struct `A witness` {
    private let poller = SystemPoller()

    /// Asks to the end.
    private func ask(_ witness: Witness, _ sql: String, _ parameters: [String?] = []) throws -> QueryResult? {
        var answer: QueryResult?
        try poller.finish {
            let (result, waiting) = try witness.ask(sql, parameters)
            answer = result
            return waiting.map(Step.waiting) ?? .done
        }
        return answer
    }

    @Test func `answers again and again, as who has logged in, and leaves nothing to who uses its session next`() throws
    {
        let cluster = try Servers.source
        let role = "witness_owner"
        try cluster.psql("DROP ROLE IF EXISTS \(role); CREATE ROLE \(role)")
        defer { _ = try? cluster.psql("DROP ROLE \(role)") }
        var session: Session?
        let parameters: [ServerLink.Parameter] = [
            ("host", cluster.socketDirectory), ("port", "\(cluster.port)"), ("user", "postgres"),
            ("dbname", "postgres"),
            ("options", "-c role=\(role) -c search_path=nowhere"),
        ]
        let witness = try Witness(parameters) { connection in
            let made = try Session(connection, label: "witness", poller: poller)
            session = made
            return made
        }
        for number in 1...3 {
            let answer = try ask(
                witness,
                """
                SELECT $1::int4 + 1, current_user, current_setting('search_path'), current_setting('jit'), \
                current_setting('statement_timeout')
                """, ["\(number)"])
            #expect(answer?.value(0, 0) == "\(number + 1)" && answer?.value(0, 1) == "postgres")
            #expect(answer?.value(0, 2) == "pg_catalog, pg_temp")
            // Left alone it ends by itself, and costs no compiling.
            #expect(answer?.value(0, 3) == "off" && answer?.value(0, 4) == "2s")
            let left = try #require(session).query("SELECT current_user, current_setting('search_path')")
            #expect(left.value(0, 0) == role && left.value(0, 1) == "nowhere")
            #expect(session?.transactionStatus == .idle)
        }
        #expect(throws: (any Error).self) { try ask(witness, "SELECT nosuch") }
        #expect(throws: (any Error).self) { try ask(witness, "SELECT 1") }
    }
}
