// What a batch's ledger says, beside a server that is modelled by the manual's rules.

import Testing

@testable import CopyCore

struct BatchLedgerTests {
    private enum Act: CaseIterable {
        case begin, work, commit, rollback, chain, rollbackToSavepoint, failing, failingCommit, point
    }

    /// A session of a server: statements between two synchronization points are one transaction, unless BEGIN is said.
    private struct Server {
        /// Statements that are committed, and up to where the last commit reached.
        var committed: [Int] = []
        private(set) var through = 0
        private var pending: [Int] = []
        private var isInBlock = false
        private var hasFailed = false
        /// Behind an error nothing is run until the next point.
        private(set) var isSkipping = false

        /// The command tag; nil: it failed.
        mutating func run(_ act: Act, _ number: Int) -> String? {
            switch act {
            case .begin where !hasFailed:
                isInBlock = true
                return "BEGIN"
            case .work where !hasFailed:
                pending.append(number)
                return "INSERT 0 1"
            case .rollbackToSavepoint where isInBlock && !hasFailed: return "ROLLBACK"
            case .chain where !isInBlock: return fail()
            case .commit, .chain:
                let tag = hasFailed ? "ROLLBACK" : "COMMIT"
                if !hasFailed { commit(through: number) }
                end(isChained: act == .chain)
                return tag
            case .rollback:
                end(isChained: false)
                return "ROLLBACK"
            case .failingCommit where !hasFailed:
                end(isChained: false)
                isSkipping = true
                return nil
            case .failingCommit:
                end(isChained: false)
                return "ROLLBACK"
            default: return fail()
            }
        }

        mutating func synchronize(behind number: Int) {
            isSkipping = false
            guard !isInBlock else { return }
            if !hasFailed, !pending.isEmpty { commit(through: number) }
            end(isChained: false)
        }

        private mutating func commit(through number: Int) {
            committed += pending
            through = number
        }

        private mutating func fail() -> String? {
            isSkipping = true
            hasFailed = isInBlock
            pending = []
            return nil
        }

        private mutating func end(isChained: Bool) {
            pending = []
            hasFailed = false
            isInBlock = isChained
        }
    }

    private func sequences(_ length: Int) -> [[Act]] {
        length == 0 ? [[]] : sequences(length - 1).flatMap { rest in Act.allCases.map { rest + [$0] } }
    }

    @Test func `whatever is done, it knows up to where the last commit reached`() {
        for sequence in sequences(5) {
            var (server, ledger) = (Server(), BatchLedger())
            var number = 0
            for act in sequence + [.point] {
                if act == .point {
                    ledger.announce(number)
                    server.synchronize(behind: number)
                    ledger.synchronized(isRefused: false)
                    continue
                }
                number += 1
                if server.isSkipping { continue }
                let words =
                    switch act {
                    case .commit, .failingCommit: ["commit"]
                    case .chain: ["commit", "and", "chain"]
                    case .rollbackToSavepoint: ["rollback", "to", "savepoint", "s"]
                    default: ["\(act)"]
                    }
                if let tag = server.run(act, number) {
                    ledger.done(number, tag: tag, words: words)
                } else {
                    ledger.failed(number, words: words, byServer: true, endsSession: false)
                }
            }
            guard ledger.committed != server.through || ledger.doubtful != nil else { continue }
            Issue.record("\(sequence.map { "\($0)" }): \(ledger.committed), not \(server.through)")
            return
        }
    }

    @Test func `a connection that is lost leaves in doubt what was announced and not confirmed`() {
        var ledger = BatchLedger()
        #expect(ledger.doubtful == nil)
        ledger.done(1, tag: "INSERT 0 1", words: [])
        #expect(ledger.doubtful == nil, "no point was sent: it cannot be committed")
        ledger.announce(2)
        #expect(ledger.doubtful == 1...2)
        ledger.announce(5)
        ledger.synchronized(isRefused: false)
        #expect(ledger.doubtful == 3...5 && ledger.committed == 2)
        ledger.failed(6, words: ["insert"], byServer: true, endsSession: false)
        #expect(ledger.doubtful == nil, "what failed is rolled back")
        ledger.announce(7)
        #expect(ledger.doubtful == 6...7, "but not what follows its point")
        ledger.failed(7, words: [], byServer: true, endsSession: true)
        #expect(ledger.doubtful == nil, "behind what ended the session nothing ran")
    }

    @Test(arguments: [["commit"], ["end", "work"], ["prepare", "transaction"], ["call", "p"], ["do"]])
    func `what commits by itself is in doubt where it was not answered, without a point`(words: [String]) {
        var ledger = BatchLedger()
        ledger.done(1, tag: "BEGIN", words: ["begin"])
        ledger.done(2, tag: "INSERT 0 1", words: ["insert"])
        #expect(ledger.doubtful == nil)
        ledger.failed(3, words: words, byServer: false, endsSession: false)
        ledger.failed(4, words: ["insert"], byServer: false, endsSession: false)
        #expect(ledger.doubtful == 1...3)
    }

    @Test func `behind a COMMIT that was answered only what follows is in doubt`() {
        var ledger = BatchLedger()
        ledger.done(1, tag: "BEGIN", words: ["begin"])
        ledger.done(2, tag: "COMMIT", words: ["commit"])
        ledger.done(3, tag: "INSERT 0 1", words: ["insert"])
        ledger.announce(3)
        #expect(ledger.doubtful == 3...3)
    }

    @Test func `a transaction is in doubt from its beginning, whatever points stand in it`() {
        var ledger = BatchLedger()
        ledger.done(1, tag: "INSERT 0 1", words: [])
        ledger.announce(1)
        ledger.synchronized(isRefused: false)
        ledger.done(2, tag: "BEGIN", words: ["begin"])
        for statement in 3...4 {
            ledger.done(statement, tag: "INSERT 0 1", words: [])
            ledger.announce(statement)
            ledger.synchronized(isRefused: false)
        }
        ledger.announce(5)
        ledger.failed(5, words: ["commit"], byServer: false, endsSession: false)
        #expect(ledger.doubtful == 2...5 && ledger.committed == 1)
    }

    @Test func `in a transaction that was begun a point leaves no doubt`() {
        var ledger = BatchLedger()
        ledger.done(1, tag: "BEGIN", words: ["begin"])
        ledger.announce(1)
        ledger.synchronized(isRefused: false)
        ledger.done(2, tag: "INSERT 0 1", words: ["insert"])
        ledger.announce(2)
        ledger.announce(3)
        ledger.failed(3, words: ["select"], byServer: false, endsSession: false)
        #expect(ledger.doubtful == nil)
        // Unless the transaction may have been ended.
        ledger.failed(4, words: ["commit"], byServer: false, endsSession: false)
        #expect(ledger.doubtful == 1...4)
    }

    @Test(arguments: [["rollback"], ["abort", "work"], ["rollback", "and", "no", "chain"]])
    func `what follows a ROLLBACK that was not answered is in doubt`(words: [String]) {
        var ledger = BatchLedger()
        ledger.done(1, tag: "BEGIN", words: ["begin"])
        ledger.done(2, tag: "INSERT 0 1", words: ["insert"])
        ledger.failed(3, words: words, byServer: false, endsSession: false)
        #expect(ledger.doubtful == nil, "no point was sent behind it")
        ledger.failed(4, words: ["insert"], byServer: false, endsSession: false)
        ledger.announce(4)
        #expect(ledger.doubtful == 4...4)
    }

    @Test(arguments: [["rollback", "to", "s"], ["rollback", "and", "chain"], ["rollback", "prepared"]])
    func `what follows a ROLLBACK that leaves a transaction open is not`(words: [String]) {
        var ledger = BatchLedger()
        ledger.done(1, tag: "BEGIN", words: ["begin"])
        ledger.failed(2, words: words, byServer: false, endsSession: false)
        ledger.announce(3)
        #expect(ledger.doubtful == (words[1] == "prepared" ? 1...3 : nil))
    }

    @Test(arguments: [
        ("CREATE DATABASE", ["create", "database", "d"]), ("DROP TABLESPACE", ["drop", "tablespace", "t"]),
        ("VACUUM", ["vacuum"]), ("REINDEX", ["reindex", "verbose", "system"]),
        ("REINDEX", ["reindex", "table", "concurrently", "t"]), ("COMMIT PREPARED", ["commit", "prepared"]),
        ("ALTER DATABASE", ["alter", "database", "d", "set", "tablespace", "t"]),
        ("REINDEX", ["reindex", "schema", "s"]),
    ]) func `what runs in no transaction is committed once it is done, without a point`(tag: String, words: [String]) {
        var ledger = BatchLedger()
        ledger.done(1, tag: tag, words: words)
        #expect(ledger.committed == 1)
        ledger.failed(2, words: words, byServer: false, endsSession: false)
        #expect(ledger.doubtful == 2...2)
    }

    @Test(arguments: [
        ("REFRESH MATERIALIZED VIEW", ["refresh", "materialized", "view", "concurrently", "v"]),
        ("CREATE INDEX", ["create", "index", "on", "t"]), ("REINDEX", ["reindex", "table", "t"]),
        ("CREATE TABLE", ["create", "table", "database"]), ("REINDEX", ["reindex", "table", "database"]),
        ("ALTER DATABASE", ["alter", "database", "tablespace", "set", "work_mem"]),
        ("CREATE SUBSCRIPTION", ["create", "subscription", "s"]),
        ("DROP SUBSCRIPTION", ["drop", "subscription", "s"]),
        // The last of their transactions goes on to it.
        ("CREATE INDEX", ["create", "index", "concurrently", "on", "t"]),
        ("DROP INDEX", ["drop", "index", "concurrently", "i"]),
        ("ALTER TABLE", ["alter", "table", "p", "detach", "partition", "t", "concurrently"]),
    ]) func `what runs in a transaction waits for its point`(tag: String, words: [String]) {
        var ledger = BatchLedger()
        ledger.done(1, tag: tag, words: words)
        #expect(ledger.committed == 0)
    }

    @Test func `a failed statement that only looks like COMMIT ends nothing`() {
        for words in [["commit", "prepared"], ["end", "foo"]] {
            var ledger = BatchLedger()
            ledger.done(1, tag: "BEGIN", words: ["begin"])
            ledger.failed(2, words: words, byServer: true, endsSession: false)
            ledger.announce(2)
            ledger.synchronized(isRefused: false)
            ledger.done(3, tag: "INSERT 0 1", words: ["insert"])
            ledger.announce(3)
            ledger.synchronized(isRefused: false)
            #expect(ledger.committed == 0)
        }
    }

    @Test func `a commit that is refused at a point is a failure`() {
        var ledger = BatchLedger()
        ledger.done(1, tag: "INSERT 0 1", words: [])
        ledger.announce(1)
        ledger.synchronized(isRefused: true)
        #expect(ledger.hasFailed && ledger.committed == 0 && ledger.doubtful == nil)
    }

    @Test func `a prepared transaction is out of the session's hands`() {
        var ledger = BatchLedger()
        ledger.done(1, tag: "BEGIN", words: ["begin"])
        ledger.done(2, tag: "INSERT 0 1", words: ["insert"])
        ledger.done(3, tag: "PREPARE TRANSACTION", words: ["prepare", "transaction"])
        #expect(ledger.committed == 3)
        ledger.done(4, tag: "INSERT 0 1", words: ["insert"])
        ledger.announce(4)
        ledger.synchronized(isRefused: false)
        #expect(ledger.committed == 4)
    }
}
