// Transactions in a scope.

import CopyCore
import ErrorKit
import TestKit
import Testing

struct TransactionTests {
    private func session() throws -> Session {
        let session = try ScopeKit.session(Servers.source.conninfo())
        try session.run("CREATE TEMP TABLE t (i int)")
        return session
    }

    private func rows(_ session: Session) throws -> String? {
        try session.value("SELECT coalesce(string_agg(i::text, ' ' ORDER BY i), '') FROM t")
    }

    @Test func `a block that returns is committed`() throws {
        let session = try session()
        let value = try session.transaction { inner throws in
            #expect(inner === session && session.transactionStatus == .inTransaction)
            try inner.run("INSERT INTO t VALUES (1)")
            return "value"
        }
        #expect(value == "value" && session.transactionStatus == .idle)
        #expect(try rows(session) == "1")
    }

    @Test func `a block that throws is rolled back, its error unchanged`() throws {
        let session = try session()
        #expect(throws: Trouble("mine")) {
            try session.transaction { _ throws in
                try session.run("INSERT INTO t VALUES (1)")
                throw Trouble("mine")
            }
        }
        let code = failureCode { try session.transaction { _ throws in try session.run("SELECT 1/0") } }
        #expect(code == "22012" && session.transactionStatus == .idle)
        #expect(try rows(session) == "")
    }

    @Test func `Rollback ends a transaction quietly`() throws {
        let session = try session()
        let value: Int? = try session.transaction { _ throws in
            try session.run("INSERT INTO t VALUES (1)")
            throw Rollback()
        }
        #expect(value == nil && session.transactionStatus == .idle)
        #expect(try rows(session) == "")
    }

    @Test func `blocks nest as savepoints`() throws {
        let session = try session()
        try session.transaction { _ throws in
            try session.run("INSERT INTO t VALUES (1)")
            try session.transaction { _ throws in
                try session.run("INSERT INTO t VALUES (2)")
                let ended: Void? = try session.transaction { _ throws in
                    try session.run("INSERT INTO t VALUES (3)")
                    throw Rollback()
                }
                #expect(ended == nil && session.transactionStatus == .inTransaction)
                _ = failureCode { try session.transaction { _ throws in try session.run("SELECT 1/0") } }
                #expect(session.transactionStatus == .inTransaction)
                try session.run("INSERT INTO t VALUES (4)")
            }
            _ = failureCode {
                try session.transaction { _ throws in
                    try session.transaction { _ throws in try session.run("INSERT INTO t VALUES (5)") }
                    throw Trouble("the outer of the two undoes the inner")
                }
            }
            try session.run("INSERT INTO t VALUES (6)")
        }
        #expect(try rows(session) == "1 2 4 6")
    }

    @Test func `in a transaction begun by hand, a block is a savepoint`() throws {
        let session = try session()
        try session.run("BEGIN; INSERT INTO t VALUES (1)")
        try session.transaction { _ throws in try session.run("INSERT INTO t VALUES (2)") }
        #expect(session.transactionStatus == .inTransaction)
        try session.run("ROLLBACK")
        #expect(try rows(session) == "")
        try session.run("BEGIN")
        _ = failureCode { try session.run("SELECT 1/0") }
        #expect(failureCode { try session.transaction { _ in } } == "25P02")
        try session.run("ROLLBACK")
    }

    @Test func `a failed transaction is not committed silently`() throws {
        let session = try session()
        let error = thrown(.rolledBack) {
            try session.transaction { _ throws in
                try session.run("INSERT INTO t VALUES (1)")
                _ = failureCode { try session.run("SELECT 1/0") }
            }
        }
        #expect(error?.answer == "ROLLBACK" && session.transactionStatus == .idle)
        try session.transaction { _ throws in
            try session.run("INSERT INTO t VALUES (2)")
            thrown(.rolledBack) {
                try session.transaction { _ throws in _ = failureCode { try session.run("SELECT 1/0") } }
            }
            #expect(session.transactionStatus == .inTransaction)
        }
        #expect(try rows(session) == "2")
    }

    @Test func `a deferred constraint fails the commit`() throws {
        let session = try session()
        try session.run("ALTER TABLE t ADD UNIQUE (i) DEFERRABLE INITIALLY DEFERRED")
        let code = failureCode {
            try session.transaction { _ throws in try session.run("INSERT INTO t VALUES (1), (1)") }
        }
        #expect(code == "23505" && session.transactionStatus == .idle)
        #expect(try rows(session) == "")
    }

    @Test func `options are the server's, and belong to whole transactions`() throws {
        let session = try session()
        func show(_ options: TransactionOptions) throws -> [String?]? {
            try session.transaction(options) { _ throws in
                try ["isolation", "read_only", "deferrable"].map { try session.value("SHOW transaction_\($0)") }
            }
        }
        #expect(try show(TransactionOptions()) == ["read committed", "off", "off"])
        #expect(
            try show(TransactionOptions(isolation: .serializable, isReadOnly: true, isDeferrable: true)) == [
                "serializable", "on", "on",
            ])
        #expect(
            try show(TransactionOptions(isolation: .repeatableRead, isReadOnly: false)) == [
                "repeatable read", "off", "off",
            ])
        let code = failureCode {
            try session.transaction(TransactionOptions(isReadOnly: true)) { _ throws in
                try session.run("CREATE TABLE x ()")
            }
        }
        #expect(code == "25006")
        try session.transaction { _ throws in
            #expect(throws: PgcopyError.optionsOfSavepoint) {
                try session.transaction(TransactionOptions(isReadOnly: true)) { _ in }
            }
            #expect(session.transactionStatus == .inTransaction)
        }
    }

    @Test func `a transaction ended inside of its block is told`() throws {
        let session = try session()
        let ended = try requireThrown(PgcopyError.transactionIsOver.code) {
            try session.transaction { _ throws in try session.run("INSERT INTO t VALUES (1); COMMIT") }
        }
        #expect(ended.message == PgcopyError.transactionIsOver.message && ended.endpoint == session.label)
        #expect(throws: Trouble("mine")) {
            try session.transaction { _ throws in
                try session.run("ROLLBACK")
                throw Trouble("mine")
            }
        }
        #expect(session.transactionStatus == .idle)
        #expect(try rows(session) == "1")
    }

    @Test func `an interruption rolls back`() throws {
        let session = try session()
        #expect(throws: Interrupted(signal: 2)) {
            try session.transaction { _ throws in
                try session.run("INSERT INTO t VALUES (1)")
                session.pooled.interruptsAt = session.poller.now + 0.1
                try session.run("SELECT pg_sleep(60)")
            }
        }
        #expect(session.transactionStatus == .idle, "although every wait is interrupted")
        session.pooled.calm()
        #expect(try rows(session) == "")
        session.pooled.interruptsAfter = session.pooled.polls
        #expect(throws: Interrupted(signal: 2)) { try session.transaction { _ throws in Issue.record("entered") } }
        session.pooled.calm()
        #expect(session.transactionStatus == .idle)
    }

    @Test func `a lost connection is the block's own error`() throws {
        let session = try session()
        #expect(throws: Trouble("mine")) {
            try session.transaction { _ throws in
                session.close()
                throw Trouble("mine")
            }
        }
        thrown(.connectionLost) { try session.transaction { _ in } }
        let other = try self.session()
        thrown(.connectionLost) { try other.transaction { _ in other.close() } }
    }

    // MARK: With COPY

    @Test(arguments: TransportChoice.allCases)
    func `a copy left early spoils its transaction, and a savepoint saves it`(transport: TransportChoice) throws {
        let session = try session()
        let many = "COPY (SELECT generate_series(1, 100000000)) TO STDOUT"
        try session.transaction { _ throws in
            try session.run("INSERT INTO t VALUES (1)")
            let rolledBack: Void? = try session.transaction { _ throws in
                try session.copyOut(many, transport: transport) { rows throws in _ = try rows.nextRow() }
                #expect(session.transactionStatus == .inError)
                throw Rollback()
            }
            #expect(rolledBack == nil && session.transactionStatus == .inTransaction)
            #expect(throws: PgcopyError.copyNotFinished) {
                try session.transaction { _ throws in
                    try session.copyIn("COPY t FROM STDIN", transport: transport) { copy throws in try copy.write("2\n")
                    }
                }
            }
            try session.copyIn("COPY t FROM STDIN", transport: transport) { copy throws in
                try copy.write("3\n")
                try copy.finish()
            }
            #expect(session.transactionStatus == .inTransaction)
        }
        #expect(try rows(session) == "1 3")
        thrown(.rolledBack) {
            try session.transaction { _ throws in
                try session.run("INSERT INTO t VALUES (4)")
                try session.copyOut(many, transport: transport) { rows throws in _ = try rows.nextRow() }
            }
        }
        #expect(try rows(session) == "1 3")
    }

    @Test(arguments: TransportChoice.allCases) func `the status is told in every state`(transport: TransportChoice)
        throws
    {
        let session = try session()
        func copy() throws {
            try session.copyOut("COPY (SELECT 1) TO STDOUT", transport: transport) { while try $0.nextRow() != nil {} }
        }
        #expect(session.transactionStatus == .idle)
        try copy()
        #expect(session.transactionStatus == .idle)
        try session.run("BEGIN")
        #expect(session.transactionStatus == .inTransaction)
        try copy()
        #expect(session.transactionStatus == .inTransaction)
        #expect(failureCode { try session.copyOut("COPY nothing TO STDOUT", transport: transport) { _ in } } == "42P01")
        #expect(session.transactionStatus == .inError)
        #expect(failureCode { try copy() } == "25P02")
        #expect(session.transactionStatus == .inError)
        try session.run("ROLLBACK")
        #expect(session.transactionStatus == .idle)
        session.close()
        #expect(session.transactionStatus == .unknown)
    }
}
