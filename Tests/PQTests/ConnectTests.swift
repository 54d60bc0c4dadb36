// Connecting, what a connection says of itself, and its end.

import ErrorKit
import PQ
import TestKit
import Testing

@Suite struct `Connections` {
    @Test func `an open connection knows its server and database`() throws {
        let cluster = try Servers.source
        let database = try cluster.createDatabase()
        let connection = try connect(cluster.conninfo(database: database))
        #expect(connection.database == database)
        #expect(connection.transactionStatus == .idle && connection.errorMessage.isEmpty)
        #expect(!connection.usesTLS && !connection.usesGSSEncryption && !connection.needsPassword)
        #expect(try connection.value("SELECT pg_backend_pid()") == "\(connection.backendPID)")
        #expect(try connection.value("SHOW server_version_num") == "\(connection.serverVersion)")
        #expect(connection.parameterStatus("server_encoding") == "UTF8")
        #expect(connection.parameterStatus("nosuch") == nil)
        try connection.value("SET application_name = 'changed'")
        #expect(connection.parameterStatus("application_name") == "changed")
    }

    @Test func `the transaction status follows the server`() throws {
        let connection = try connectToFreshDatabase()
        try connection.value("BEGIN")
        #expect(connection.transactionStatus == .inTransaction)
        _ = try connection.failure("SELECT 1/0")
        #expect(connection.transactionStatus == .inError)
        try connection.sendQuery("ROLLBACK")
        #expect(connection.transactionStatus == .active)
        _ = try connection.results()
        #expect(connection.transactionStatus == .idle)
    }

    @Test func `a missing database, a missing socket and a refused port are told in words`() throws {
        let cluster = try Servers.source
        func complaint(_ conninfo: String) -> String {
            let connection = Connection([("dbname", conninfo)])
            #expect(!connection.isUsable && !connection.needsPassword)
            return connection.errorMessage
        }
        #expect(
            complaint(cluster.conninfo(database: "nosuch"))
                .hasSuffix(#"FATAL:  database "nosuch" does not exist"#))
        #expect(complaint("host=/nosuch dbname=x").contains("/nosuch/.s.PGSQL.5432"))
        let proxy = try FaultProxy(to: cluster)
        proxy.refuseNewConnections()
        let refused = complaint(proxy.conninfo())
        #expect(refused.contains("Connection refused") && refused.contains("port \(proxy.port)"))
        #expect(refused.last != "\n")
        proxy.stop()
        #expect(complaint("nosuch=1").contains(#"invalid connection option "nosuch""#))
    }

    @Test func `the want of a password is told apart from a wrong one`() throws {
        let cluster = try Servers.tls
        let none = Connection([("dbname", cluster.tcpConninfo(withPassword: false)), ("passfile", "/nosuch")])
        #expect(!none.isUsable && none.needsPassword)
        let wrong = Connection([("dbname", cluster.tcpConninfo()), ("password", "wrong")])
        #expect(!wrong.isUsable && wrong.errorMessage.contains("password authentication failed"))
        let right = Connection([
            ("dbname", cluster.tcpConninfo(withPassword: false)), ("password", Cluster.password),
        ])
        #expect(right.isUsable && right.usesTLS, "\(right.errorMessage)")
    }

    @Test func `a certificate of another authority is refused`() throws {
        let cluster = try Servers.tls
        let connection = Connection([
            ("dbname", cluster.tcpConninfo()), ("sslrootcert", "/etc/passwd"),
        ])
        #expect(!connection.isUsable && !connection.errorMessage.isEmpty)
    }

    @Test func `a URI in dbname is expanded, and of two values the later one wins`() throws {
        let cluster = try Servers.source
        let database = try cluster.createDatabase()
        let uri = cluster.conninfo(database: database, ["application_name": "from the URI"])
        func name(_ parameters: [(keyword: String, value: String)]) throws -> String? {
            let connection = Connection(parameters)
            #expect(connection.database == database)
            return try connection.value("SHOW application_name")
        }
        #expect(try name([("dbname", uri)]) == "from the URI")
        #expect(try name([("application_name", "before"), ("dbname", uri)]) == "from the URI")
        #expect(try name([("dbname", uri), ("application_name", "after")]) == "after")
        #expect(try name([("dbname", uri), ("application_name", "a"), ("application_name", "b")]) == "b")
        let words = "host=\(cluster.socketDirectory) port=\(cluster.port) user=\(Cluster.user) dbname=\(database)"
        #expect(try name([("dbname", words), ("application_name", "it's é")]) != nil)
    }

    @Test func `finishing twice is harmless, and every question of a finished connection has an answer`() throws {
        let connection = try connectToFreshDatabase()
        connection.finish()
        connection.finish()
        #expect(!connection.isUsable && connection.transactionStatus == .unknown && connection.socket == -1)
        #expect(connection.errorMessage == "the connection is closed")
        #expect(connection.backendPID == 0 && connection.serverVersion == 0 && connection.database.isEmpty)
        #expect(connection.parameterStatus("server_encoding") == nil)
        #expect(!connection.usesTLS && !connection.usesGSSEncryption && !connection.needsPassword)
        #expect(connection.nextResult() == nil && connection.nextNotification() == nil && !connection.isBusy)
        #expect(CancelHandle(connection) == nil)
        thrown(.connectionLost) { try connection.sendQuery("SELECT 1") }
        thrown(.connectionLost) { try connection.sendQuery("SELECT $1", parameters: ["1"]) }
        thrown(.connectionLost) { try connection.sendPrepare("", "SELECT 1") }
        thrown(.connectionLost) { try connection.sendDescribe("") }
        thrown(.connectionLost) { try connection.consumeInput() }
        thrown(.connectionLost) { _ = try connection.flush() }
        thrown(.connectionLost) { try connection.setNonBlocking(true) }
    }

    @Test func `results are readable after their connection is finished`() throws {
        let connection = try connectToFreshDatabase()
        let result = try #require(try connection.results("SELECT 1 AS one, NULL AS two, 'é' AS three").first)
        let failed = try #require(try connection.results("SELECT 1/0").first)
        connection.finish()
        #expect(result.rowCount == 1 && result.columnCount == 3)
        #expect([0, 1, 2].map { result.value(0, $0) } == ["1", nil, "é"])
        #expect(result.columnName(2) == "three" && result.columnType(0) == 23)
        #expect(result.commandTag == "SELECT 1")
        #expect(failed.error(connectionLost: false)?.server?.sqlState == "22012")
    }

    @Test func `parameters are text or NULL, and are no SQL`() throws {
        let connection = try connectToFreshDatabase()
        let odd = "it's \\ \"odd\" $1 é\n"
        try connection.sendQuery("SELECT $1::text, $2::text, $3::text", parameters: [odd, nil, ""])
        let result = try #require(try connection.results().first)
        #expect([0, 1, 2].map { result.value(0, $0) } == [odd, nil, ""])
    }

    @Test func `a described statement gives its columns without running`() throws {
        let connection = try connectToFreshDatabase()
        try connection.sendPrepare("", "SELECT 1/0 AS a, 'x' AS \"B c\"")
        #expect(try connection.results().first?.status == .commandOK)
        try connection.sendDescribe("")
        let result = try #require(try connection.results().first)
        #expect((0..<result.columnCount).map(result.columnName) == ["a", "B c"])
    }

    @Test func `an empty string of statements is told apart from an error`() throws {
        let connection = try connectToFreshDatabase()
        #expect(try connection.results(" ").map(\.status) == [.emptyQuery])
        #expect(try connection.results("SELECT 1; SELECT 2").map(\.status) == [.tuplesOK, .tuplesOK])
    }
}
