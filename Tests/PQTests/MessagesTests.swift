// Notices, notifications and errors with all their fields.

import ErrorKit
import PQ
import TestKit
import Testing

@Suite struct `Messages of a server` {
    @Test func `a notice has all its fields`() throws {
        let connection = try connectToFreshDatabase()
        var notices: [ServerMessage] = []
        connection.onNotice = { notices.append($0) }
        try connection.value(
            """
            DO $$ BEGIN RAISE WARNING 'what %', 'happened'
            USING DETAIL = 'the detail', HINT = 'the hint', ERRCODE = '01X1X'; END $$
            """)
        #expect(
            notices == [
                ServerMessage(
                    severity: "WARNING", sqlState: "01X1X", message: "what happened", detail: "the detail",
                    hint: "the hint", context: "PL/pgSQL function inline_code_block line 1 at RAISE")
            ])
    }

    @Test func `several notices of one statement come in order, and none without a handler`() throws {
        let connection = try connectToFreshDatabase()
        let sql = "DO $$ BEGIN FOR i IN 1..3 LOOP RAISE NOTICE '%', i; END LOOP; END $$"
        try connection.value(sql)
        var texts: [String] = []
        connection.onNotice = { texts.append("\($0.severity) \($0.sqlState) \($0.message)") }
        try connection.value(sql)
        #expect(texts == ["NOTICE 00000 1", "NOTICE 00000 2", "NOTICE 00000 3"])
        connection.onNotice = nil
        try connection.value(sql)
        #expect(texts.count == 3)
    }

    @Test func `an error has all its fields`() throws {
        let connection = try connectToFreshDatabase()
        try connection.value("CREATE TABLE t (i int CONSTRAINT small CHECK (i < 10))")
        let check = try connection.failure("INSERT INTO t VALUES (99)")
        #expect(check.severity == "ERROR" && check.sqlState == "23514")
        #expect(check.message == #"new row for relation "t" violates check constraint "small""#)
        #expect(check.detail == "Failing row contains (99).")
        #expect(check.hint == nil && check.context == nil)
        let hinted = try connection.failure("SELECT nosuch('x')")
        #expect(hinted.sqlState == "42883" && hinted.hint?.contains("explicit type casts") == true)
    }

    @Test func `an error's text is the message alone, without the severity and without a line end`() throws {
        let connection = try connectToFreshDatabase()
        let error = try #require(try connection.results("SELECT 1/0").first?.error(connectionLost: false))
        #expect("\(error)" == "division by zero" && error.code == .server)
    }

    @Test func `notifications come in order with payload and pid`() throws {
        let cluster = try Servers.source
        let database = try cluster.createDatabase()
        let listener = try connect(cluster.conninfo(database: database))
        let sender = try connect(cluster.conninfo(database: database))
        try listener.value(#"LISTEN plain; LISTEN "Odd ""name"" é""#)
        try sender.value(#"NOTIFY plain; NOTIFY "Odd ""name"" é", 'pay load'; NOTIFY plain, 'last'"#)
        var found: [Notification] = []
        while found.count < 3 {
            if let next = listener.nextNotification() {
                found.append(next)
                continue
            }
            try listener.wait()
            try listener.consumeInput()
        }
        #expect(
            found == [
                Notification(channel: "plain", payload: "", pid: sender.backendPID),
                Notification(channel: "Odd \"name\" é", payload: "pay load", pid: sender.backendPID),
                Notification(channel: "plain", payload: "last", pid: sender.backendPID),
            ])
        #expect(listener.nextNotification() == nil)
    }

    @Test func `notices and notifications are taken from the middle of COPY IN`() throws {
        let cluster = try Servers.source
        let database = try cluster.createDatabase()
        try cluster.psql("CREATE TABLE t (i int)", database: database)
        let proxy = try FaultProxy(to: cluster)
        let connection = try connect(proxy.conninfo(database: database))
        var notices: [String] = []
        connection.onNotice = { notices.append("\($0.severity) \($0.sqlState) \($0.message)") }
        try connection.beginCopy("COPY t FROM STDIN", .copyIn)
        proxy.arm(
            .inject(
                Message.notice(severity: "WARNING", code: "01X1X", message: "from the wire")
                    + Message.notification(channel: "ch", payload: "p", pid: 1234)),
            direction: .toClient, at: .copyMessages(2), of: .toServer)
        for i in 1...3 {
            try connection.put("\(i)\n")
            #expect(try connection.flush())
        }
        try connection.wait()
        try connection.consumeInput()
        #expect(connection.nextNotification() == Notification(channel: "ch", payload: "p", pid: 1234))
        #expect(notices == ["WARNING 01X1X from the wire"])
        try connection.putCopyEnd()
        #expect(try connection.results().first?.commandTag == "COPY 3")
        proxy.stop()
    }

    @Test func `a lost connection is told as lost, with libpq's words`() throws {
        let proxy = try FaultProxy(to: Servers.source)
        let connection = try connect(proxy.conninfo())
        try connection.sendQuery("SELECT pg_sleep(60)")
        proxy.resetConnections()
        try connection.wait()
        let error = thrown(.connectionLost) { while true { try connection.consumeInput() } }
        #expect(error?.code == .connectionLost && error?.server == nil)
        #expect(error?.message.isEmpty == false)
        #expect(!connection.isUsable && connection.transactionStatus == .unknown)
        proxy.stop()
    }
}
