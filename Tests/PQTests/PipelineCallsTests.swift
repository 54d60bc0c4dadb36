// Pipeline mode, call by call, on a real server.

import ErrorKit
import PQ
import TestKit
import Testing

@Suite struct `Pipeline mode, call by call` {
    private let connection: Connection

    init() throws {
        connection = try connectToFreshDatabase()
        try #require(connection.isUsable)
    }

    /// The next result as psycopg's tables write it: its status, or NULL.
    private func next() -> String {
        guard let result = connection.nextResult() else { return "NULL" }
        return switch result.status {
        case .commandOK: "COMMAND_OK"
        case .tuplesOK: "TUPLES_OK"
        case .fatalError: "FATAL_ERROR"
        case .pipelineSync: "PIPELINE_SYNC"
        case .pipelineAborted: "PIPELINE_ABORTED"
        case .emptyQuery: "EMPTY_QUERY"
        case .copyIn, .copyOut, .copyBoth: "COPY"
        }
    }

    private func next(_ count: Int) -> [String] { (0..<count).map { _ in next() } }

    @Test func `this libpq has it, and a connection starts without it`() {
        #expect(Connection.supportsPipelineMode)
        #expect(connection.pipelineStatus == .off)
    }

    @Test func `leaving with work in progress is refused`() throws {
        try connection.enterPipelineMode()
        try connection.sendQuery("SELECT 1", parameters: [])
        let error = thrown(.libpq) { try connection.exitPipelineMode() }
        #expect(error?.message.contains("cannot exit pipeline mode") == true, "\(String(describing: error))")
        #expect(error?.code == .libpq)
    }

    @Test func `two statements, each with its synchronization point`() throws {
        try connection.enterPipelineMode()
        try connection.sendQuery("SELECT $1", parameters: ["1"])
        try connection.pipelineSync()
        try connection.sendQuery("SELECT $1", parameters: ["2"])
        try connection.pipelineSync()
        #expect(try connection.flush())

        let first = try #require(connection.nextResult())
        #expect(first.status == .tuplesOK)
        #expect(connection.pipelineStatus == .on)
        #expect(next(2) == ["NULL", "PIPELINE_SYNC"])
        let second = try #require(connection.nextResult())
        #expect(second.status == .tuplesOK)
        #expect(next(2) == ["NULL", "PIPELINE_SYNC"])

        // Something is read after the last one, or libpq does not know that it is idle.
        #expect(next() == "NULL")
        #expect(connection.pipelineStatus == .on)
        try connection.exitPipelineMode()
        #expect(connection.pipelineStatus == .off)
        #expect(first.value(0, 0) == "1" && second.value(0, 0) == "2")
    }

    @Test func `a flush request gives results without a synchronization point`() throws {
        try connection.enterPipelineMode()
        try connection.sendQuery("SELECT $1", parameters: ["1"])
        try connection.sendFlushRequest()
        #expect(try connection.flush())
        let result = try #require(connection.nextResult())
        #expect(result.value(0, 0) == "1")
        #expect(next() == "NULL")
        try connection.exitPipelineMode()
        #expect(connection.pipelineStatus == .off)
    }

    @Test func `a failure skips what follows up to the synchronization point`() throws {
        _ = connection.execute("CREATE TABLE pq_pipeline (a int)")
        try connection.enterPipelineMode()
        try connection.sendQuery("INSERT INTO pq_pipeline VALUES ($1)", parameters: ["1"])
        try connection.sendQuery("SELECT no_such_function(1)", parameters: [])
        try connection.sendQuery("INSERT INTO pq_pipeline VALUES ($1)", parameters: ["2"])
        try connection.pipelineSync()
        try connection.sendQuery("INSERT INTO pq_pipeline VALUES ($1)", parameters: ["3"])
        try connection.pipelineSync()

        #expect(next(2) == ["COMMAND_OK", "NULL"])
        #expect(connection.pipelineStatus == .on)
        #expect(next(2) == ["FATAL_ERROR", "NULL"])
        #expect(connection.pipelineStatus == .aborted)
        #expect(next(2) == ["PIPELINE_ABORTED", "NULL"])
        #expect(connection.pipelineStatus == .aborted)
        #expect(next() == "PIPELINE_SYNC")
        #expect(connection.pipelineStatus == .on)
        #expect(next(3) == ["COMMAND_OK", "NULL", "PIPELINE_SYNC"])
        #expect(next() == "NULL")
        try connection.exitPipelineMode()

        #expect(connection.execute("SELECT a FROM pq_pipeline").map { $0.value(0, 0) } == ["3"])
    }

    @Test func `rows come one by one where that is asked for, and only there`() throws {
        try connection.enterPipelineMode()
        try connection.sendQuery("SELECT generate_series(1, 3)", parameters: [])
        #expect(connection.setSingleRowMode())
        try connection.sendQuery("SELECT generate_series(4, 5)", parameters: [])
        try connection.pipelineSync()
        for row in 1...3 {
            let result = try #require(connection.nextResult())
            #expect(result.isSingleRow && result.rowCount == 1 && result.value(0, 0) == "\(row)")
        }
        let last = try #require(connection.nextResult())
        #expect(!last.isSingleRow && last.rowCount == 0 && last.commandTag == "SELECT 3")
        #expect(next() == "NULL")
        let whole = try #require(connection.nextResult())
        #expect(!whole.isSingleRow && whole.rowCount == 2 && whole.value(1, 0) == "5")
        #expect(next(3) == ["NULL", "PIPELINE_SYNC", "NULL"])
        #expect(!connection.setSingleRowMode())
        try connection.exitPipelineMode()
    }

    @Test func `a closed connection refuses every call`() {
        connection.finish()
        #expect(connection.pipelineStatus == .off)
        thrown(.connectionLost) { try connection.enterPipelineMode() }
        thrown(.connectionLost) { try connection.pipelineSync() }
        thrown(.connectionLost) { try connection.sendFlushRequest() }
        #expect(!connection.setSingleRowMode())
    }

    @Test func `the bytes of a value, NULL and empty told apart`() throws {
        let result = try #require(connection.execute("SELECT 'a' || chr(9) || 'é', '', NULL").first)
        #expect(result.withValue(0, 0) { $0?.byteCount } == 4)
        #expect(result.withValue(0, 1) { $0?.byteCount } == 0)
        #expect(result.withValue(0, 2) { $0 == nil })
    }
}

extension Connection {
    /// Runs statements outside of pipeline mode.
    fileprivate func execute(_ sql: String) -> [QueryResult] {
        guard (try? sendQuery(sql)) != nil else { return [] }
        var results: [QueryResult] = []
        while let result = nextResult() { results.append(result) }
        return results
    }
}
