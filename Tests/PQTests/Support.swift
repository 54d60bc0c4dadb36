// Short ways to say what the tests of libpq's layer say often. Waiting is done here: PQ itself never does.

import Glibc
import PQ
import TestKit
import Testing

/// An open connection; the test fails with libpq's words when there is none.
func connect(_ conninfo: String) throws -> Connection {
    let connection = Connection([("dbname", conninfo)])
    try #require(connection.isUsable, "\(connection.errorMessage)")
    return connection
}

/// A connection to a database of its own on the shared cluster.
func connectToFreshDatabase() throws -> Connection {
    let database = try Database(on: Servers.source)
    // It stays as long as it has a session.
    return try withExtendedLifetime(database) { try connect(database.conninfo) }
}

/// A wait that came to nothing.
struct Stuck: Error, CustomStringConvertible {
    let description: String
}

extension Connection {
    /// Whether the socket becomes ready in time.
    func isReady(_ events: Int32 = Int32(POLLIN), within milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: socket, events: Int16(events), revents: 0)
        return poll(&entry, 1, milliseconds) > 0
    }

    /// Waits until the socket is ready.
    func wait(_ events: Int32 = Int32(POLLIN)) throws {
        guard isReady(events, within: 30_000) else { throw Stuck(description: "the socket was not ready within 30 s") }
    }

    /// All results of a string of statements, errors among them.
    func results(_ sql: String) throws -> [QueryResult] {
        try sendQuery(sql)
        return try results()
    }

    /// The results of what was sent.
    func results() throws -> [QueryResult] {
        var found: [QueryResult] = []
        while let result = try resultWhenThere() { found.append(result) }
        return found
    }

    /// The next result, waited for by the rules of non-blocking work.
    func resultWhenThere() throws -> QueryResult? {
        while try !flush() {
            try wait(Int32(POLLIN) | Int32(POLLOUT))
            try consumeInput()
        }
        while isBusy {
            try wait()
            try consumeInput()
        }
        return nextResult()
    }

    /// The first value of the last result; throws the server's error.
    @discardableResult
    func value(_ sql: String) throws -> String? {
        let found = try results(sql)
        for result in found { if let error = result.error(connectionLost: !isUsable) { throw error } }
        guard let last = found.last, last.rowCount > 0 else { return nil }
        return last.value(0, 0)
    }

    /// The server's error of a statement that has to fail.
    func failure(_ sql: String) throws -> ServerMessage {
        let error = try #require(try results(sql).last?.error(connectionLost: !isUsable))
        return try #require(error.server, "\(error)")
    }

    /// Begins a COPY and gives its first result.
    @discardableResult
    func beginCopy(_ sql: String, _ status: ResultStatus) throws -> QueryResult {
        try sendQuery(sql)
        let result = try #require(try resultWhenThere())
        try #require(result.status == status, "\(String(describing: result.error(connectionLost: false)))")
        return result
    }

    func put(_ bytes: some Collection<UInt8>) throws {
        try Array(bytes).withUnsafeBytes { try putCopyData($0) }
    }

    func put(_ text: String) throws { try put(Array(text.utf8)) }

    /// Every CopyData message until the end, waited for.
    func copyMessages() throws -> [[UInt8]] {
        var messages: [[UInt8]] = []
        while true {
            switch try getCopyData() {
            case .message(let message): messages.append(Array(message.bytes))
            case .end: return messages
            case .wouldBlock:
                try wait()
                try consumeInput()
            }
        }
    }
}
