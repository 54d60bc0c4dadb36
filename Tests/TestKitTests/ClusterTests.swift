// Clusters start, answer, stop, and leave nothing behind.

import Glibc
import TestKit
import Testing

@Suite struct ClusterTests {
    @Test func `the shared servers are three clusters`() throws {
        let servers = try Servers.all()
        let identifiers = try [servers.source, servers.first, servers.second].map {
            try $0.psql("SELECT system_identifier FROM pg_control_system()")
        }
        #expect(Set(identifiers).count == 3)
    }

    @Test func `statements are answered over either kind of socket`() throws {
        let cluster = try Servers.source
        #expect(try cluster.psql("SELECT 'é', 2; SELECT 3") == "é|2\n3")
        let overTCP = try cluster.psqlProgram(
            ["-Atc", "SELECT inet_server_port()"], conninfo: cluster.tcpConninfo()
        ).run()
        #expect(overTCP.output == "\(cluster.port)\n", "\(overTCP)")
    }

    @Test func `a wrong statement throws the server's message`() throws {
        let error = #expect(throws: KitError.self) { try Servers.source.psql("SELECT 1;\nSELECT nosuch") }
        #expect(error?.description.contains(#"column "nosuch" does not exist"#) == true)
    }

    @Test func `every database is a new one and has its encoding`() throws {
        let cluster = try Servers.source
        let plain = try cluster.createDatabase()
        let latin = try cluster.createDatabase(encoding: "LATIN1")
        #expect(plain != latin)
        #expect(try cluster.psql("SHOW server_encoding", database: plain) == "UTF8")
        #expect(try cluster.psql("SHOW server_encoding", database: latin) == "LATIN1")
    }

    @Test func `the TLS cluster wants TLS and its password`() throws {
        let cluster = try Servers.tls
        func ask(_ conninfo: String) throws -> ProgramResult {
            try cluster.psqlProgram(
                ["-wAtc", "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"], conninfo: conninfo
            ).run()
        }
        let good = try ask(cluster.tcpConninfo())
        #expect(good.output == "t|TLSv1.3\n", "\(good)")
        let plain = try ask(cluster.tcpConninfo(["sslmode": "disable"]))
        #expect(plain.code == 2, "\(plain)")
        let wrong = try ask(cluster.tcpConninfo(["password": "wrong"]))
        #expect(wrong.errors.contains("password authentication failed"), "\(wrong)")
    }

    @Test func `a cluster that was stopped at once answers no more, and starts again with its tables`() throws {
        let cluster = try Cluster(ClusterOptions(settings: ["max_connections = 7"]))
        #expect(try cluster.psql("SHOW max_connections; CREATE TABLE t (i int)") == "7")
        try cluster.stop(.immediate)
        #expect(throws: KitError.self) { try cluster.psql("SELECT 1") }
        try cluster.start()
        #expect(try cluster.psql("SELECT count(*) FROM t") == "0")
    }

    @Test func `a cluster that is removed leaves nothing behind`() throws {
        let cluster = try Cluster()
        let file = try cluster.psql("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)")
        let postmaster = try #require(Int32(file))
        #expect(isRunning(postmaster))
        cluster.remove()
        #expect(access(cluster.socketDirectory, F_OK) == -1)
        // A server that misses its directory ends by itself, but only after a while.
        #expect(!isRunning(postmaster))
    }

    @Test func `backends are counted and terminated by their application's name`() throws {
        let cluster = try Servers.source
        let name = freshName("counted")
        let psql = try cluster.psqlProgram(
            ["-c", "SELECT pg_sleep(60)"], conninfo: cluster.conninfo(["application_name": name])
        ).start()
        try cluster.waitForBackends(applicationName: name, count: 1)
        #expect(try cluster.terminateBackends(applicationName: name) == 1)
        #expect(try psql.wait().code == 2)
        try cluster.waitForBackends(applicationName: name, count: 0)
    }

    @Test func `a start that fails shows the server's own words`() {
        let error = #expect(throws: KitError.self) {
            try Cluster(ClusterOptions(settings: ["nosuch_setting = 1"]))
        }
        #expect(error?.description.contains("nosuch_setting") == true)
    }
}
