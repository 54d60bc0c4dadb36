// Connections that cannot be made: each is named, no password ever.

import TestKit
import Testing

@Suite struct ConnectTests {
    /// A server that no one listens at: the port is a proxy's that refuses.
    private func refusing() throws -> FaultProxy {
        let proxy = try FaultProxy(to: Servers.first)
        proxy.refuseNewConnections()
        return proxy
    }

    @Test func `every endpoint that fails is named`() throws {
        let trio = try Trio(rows: 3)
        let proxy = try refusing()
        let bad = [
            "postgresql://postgres:\(secret)@127.0.0.1:\(proxy.port)/gone#t",
            trio.second.cluster.conninfo(database: "no_such_database", ["password": secret]) + "#t",
        ]
        for options in [[], ["-v"], ["--progress=json"], ["-q"]] {
            let result = try transfer(options + [trio.source.at()] + bad + [trio.first.at()])
            #expect(result.code == 2, "\(result)")
            for words in [
                "127.0.0.1:\(proxy.port)/gone#t", "Connection refused",
                "/no_such_database#t", "does not exist",
            ] {
                #expect(result.errors.contains(words), "\(result)")
            }
        }
        try trio.expectNothingCommitted("")
        let source = try transfer(bad[0], trio.first.at())
        #expect(source.code == 2 && source.errors.contains("Connection refused"), "\(source)")
        try trio.expectNoBackends()
        proxy.stop()
    }

    @Test func `a wrong password is refused and not shown`() throws {
        let tls = try Servers.tls
        let place = try Place(tls, Trio.schema)
        let root = "sslmode=verify-full sslrootcert=\(tls.rootCertificate ?? "")"
        let keywords = "host=127.0.0.1 port=\(tls.port) user=postgres dbname=\(place.database) \(root)"
        for way in [
            "\(keywords) password=\(secret)#t", "password = '\(secret)' \(keywords)#t",
            tls.tcpConninfo(database: place.database, withPassword: false, ["password": secret]) + "#t",
            "postgresql://postgres:\(secret)@127.0.0.1:\(tls.port)/\(place.database)?sslmode=require#t",
        ] {
            for options in [["-v"], ["--progress=json"], ["-w"]] {
                let result = try transfer(options + ["null:", way])
                #expect(result.code == 2, "\(result)")
                #expect(result.errors.contains("password authentication failed"), "\(result)")
            }
        }
        let result = try transfer("-v", "null:", "\(keywords)#t") { $0.environment["PGPASSWORD"] = secret }
        #expect(result.code == 2, "\(result)")
    }

    @Test(arguments: [
        "postgresql://u:tops3cret@h:notaport/d#t", "postgresql://u:tops3cret@h/d?nosuch=1#t",
        "postgresql://u:tops3cret@[::1/d#t", "postgresql://u:tops3cret%zz@h/d#t",
        "postgresql://u:pass/tops3cret@h/d?x#t",
        "password=tops3cret nosuch=1#t", "password='tops3cret#t", "password=tops3cret host#t",
        "host=h password = tops3cret port#t",
        "postgresql://h/d?password=tops3cret&port=x#t", "postgresql://h/d?pass%77ord=tops3cret&bad#t",
        "postgresql://u:tops3cret@h/d#no table", "password=tops3cret#two words", "postgresql://u:tops3cret@#t",
        "postgresql://u:tops3cret@127.0.0.1:1/d#t", "host=127.0.0.1 port=1 password=tops3cret dbname=d#t",
        "postgresql://u@127.0.0.1:1/d?sslpassword=tops3cret#t", "PASSWORD=tops3cret#t",
        "postgres://:tops3cret@127.0.0.1:1#t",
        "dbname='postgresql://u:tops3cret@127.0.0.1:1/d'#t",
        "postgresql://u:tops3cret@127.0.0.1:1/d?password=tops3cret#t",
    ])
    func `a malformed connection string keeps its secret`(endpoint: String) throws {
        for options in [["-v"], ["--progress=json", "-v"], ["-q"]] {
            #expect(try transfer(options + ["null:", endpoint]).code == 2)
            #expect(try transfer(options + [endpoint, "null:"]).code == 2)
        }
    }

    @Test func `the password of a connection that works is not shown either`() throws {
        let tls = try Place(Servers.tls, Trio.schema + ";" + Trio.fill(10))
        let plain = try Place(Servers.first, Trio.schema)
        let source = tls.cluster.tcpConninfo(database: tls.database) + "#t"
        for options in [["-v"], ["-v", "--progress=json", "--interval=0"], ["--interval=0"]] {
            let result = try transfer(options + [source, plain.at()])
            #expect(result.code == 0, "\(result)")
            #expect(result.errors.contains(tls.database) || !options.contains("-v"), "\(result)")
        }
    }

    @Test func `an empty environment is enough`() throws {
        let trio = try Trio(rows: 100)
        let result = try transfer("-q", trio.source.at(), trio.first.at(), trio.second.at()) { $0.environment = [:] }
        #expect(result.code == 0 && result.errors.isEmpty, "\(result)")
        #expect(try trio.second.digest() == trio.source.digest())
    }

    @Test func `libpq's own ways of naming a server work`() throws {
        let trio = try Trio(rows: 100)
        let directory = try TemporaryDirectory()
        let cluster = trio.first.cluster
        let services = """
            [here]
            host=\(cluster.socketDirectory)
            port=\(cluster.port)
            user=postgres
            dbname=\(trio.first.database)

            """
        let file = try directory.write(services.utf8, to: "services")
        let byService = try transfer(trio.source.at(), "service=here#t") { $0.environment["PGSERVICEFILE"] = file }
        #expect(byService.code == 0, "\(byService)")
        #expect(byService.errors.contains("service=here#t: committed"), "\(byService)")
        let byName = try transfer("--truncate", trio.source.at(), trio.first.database + "#t") {
            $0.environment["PGHOST"] = cluster.socketDirectory
            $0.environment["PGPORT"] = "\(cluster.port)"
            $0.environment["PGUSER"] = "postgres"
        }
        #expect(byName.code == 0, "\(byName)")
        let proxy = try refusing()
        let hosts = "postgresql://postgres@127.0.0.1:\(proxy.port),127.0.0.1:\(cluster.port)/\(trio.first.database)"
        #expect(try transfer("--truncate", trio.source.at(), hosts).code == 0)
        #expect(try trio.first.digest() == trio.source.digest())
        proxy.stop()
    }

    @Test func `the application's name is its own, whatever the user gives`() throws {
        let trio = try Trio(rows: 100)
        let conninfo = trio.first.cluster.conninfo(database: trio.first.database, ["application_name": "mine"])
        let running = try start("-", conninfo + "#t") {
            $0.input = .pipe
            $0.environment["PGAPPNAME"] = "other"
        }
        try trio.first.waitForBackend("state = 'active'")
        running.closeInput()
        #expect(try running.end().code == 0)
    }
}
