// Between the last row and the first commit: what fails there, or comes in there, rolls everything back.

import CopyCore
import Glibc
import Synchronization
import TestKit
import Testing

@Suite struct `Settling` {
    /// A table that goes to another one and to a file.
    private struct Pair {
        let cluster: Cluster
        let database: String
        let directory: TemporaryDirectory

        init() throws {
            cluster = try Servers.source
            database = try cluster.createDatabase()
            directory = try TemporaryDirectory()
            try cluster.psql(
                "CREATE TABLE t (i int); CREATE TABLE u (i int); INSERT INTO t SELECT generate_series(1, 7)",
                database: database)
        }

        /// Runs the transfer while this answers for every fsync of the file and its folder.
        func run(interruption: Interruption? = nil, _ handler: @escaping Disk.Handler) throws -> TransferOutcome {
            let transfer = try transfer(SystemPoller(interruption: interruption))
            return Disk.whenFlushed(below: directory.path, handler) { transfer.run() }
        }

        func transfer(_ poller: any Poller) throws -> Transfer {
            let names = ["\(conninfo)#t", "\(conninfo)#u", directory.file("out")]
            let endpoints = try names.map { try Endpoint(parsing: Array($0.utf8)) }
            let request = TransferRequest(from: endpoints[0], to: Array(endpoints[1...]))
            return Transfer(request, poller: poller)
        }

        private var conninfo: String { cluster.conninfo(database: database) }

        func rows() throws -> String { try cluster.psql("SELECT count(*) FROM u", database: database) }
    }

    @Test(arguments: [true, false], [EIO, ENOSPC])
    func `a flush that fails rolls back before any commit`(ofFolder: Bool, code: CInt) throws {
        let pair = try Pair()
        let folder = pair.directory.path
        let outcome = try pair.run { ($0 == folder) == ofFolder ? code : 0 }
        #expect(outcome.destinations.map(\.status) == [.rolledBack, .rolledBack])
        #expect(outcome.destinations[0].error == nil)
        #expect((outcome.destinations[1].error as? PgcopyError)?.errno == code, "\(outcome)")
        #expect(try pair.rows() == "0")
        #expect(try pair.directory.entries().isEmpty)
    }

    @Test func `a folder that its file system never flushes does no harm`() throws {
        let pair = try Pair()
        let folder = pair.directory.path
        let outcome = try pair.run { $0 == folder ? EINVAL : 0 }
        #expect(outcome.destinations.map(\.status) == [.committed, .committed])
        #expect(try pair.rows() == "7" && pair.directory.text(of: "out") == "1\n2\n3\n4\n5\n6\n7\n")
    }

    @Test func `a folder is flushed before the first commit and again behind the rename`() throws {
        let pair = try Pair()
        let directory = pair.directory
        let flushed = Mutex<[String]>([])
        let outcome = try pair.run { path in
            let what = path == directory.path ? "folder" : "file"
            let isThere = (try? directory.entries().contains("out")) == true
            flushed.withLock { $0.append(isThere ? what + " with the name" : what) }
            // What fails once the file is there does not make it go away, and must not be told so.
            return isThere ? EIO : 0
        }
        #expect(flushed.withLock { $0 } == ["file", "folder", "folder with the name"])
        #expect(outcome.destinations.map(\.status) == [.committed, .committed])
        #expect(try directory.entries() == ["out"])
    }

    @Test func `a signal behind the last check commits nothing`() throws {
        let pair = try Pair()
        let interruption = try #require(Interruption())
        // All servers have answered when files are flushed: nothing is waited for any more.
        let outcome = try pair.run(interruption: interruption) { _ in
            interruption.raise(SIGINT)
            return 0
        }
        #expect(outcome.signal == SIGINT)
        #expect(outcome.destinations.map(\.status) == [.rolledBack, .rolledBack])
        #expect(try pair.rows() == "0")
        #expect(try pair.directory.entries().isEmpty)
    }

    @Test(arguments: [true, false]) func `no session is left behind, though the transfer itself still is`(fails: Bool)
        throws
    {
        let pair = try Pair()
        let transfer = try pair.transfer(SystemPoller())
        let folder = pair.directory.path
        let outcome = Disk.whenFlushed(below: folder, { _ in fails ? EIO : 0 }, transfer.run)
        #expect(outcome.destinations.allSatisfy { $0.status == (fails ? .rolledBack : .committed) })
        try eventually("no session", within: .seconds(10)) {
            try pair.cluster.psql(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pgcopy'",
                database: pair.database) == "0"
        }
        withExtendedLifetime(transfer) {}
    }
}
