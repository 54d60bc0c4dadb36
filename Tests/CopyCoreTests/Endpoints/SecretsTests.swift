// Connection strings with a password wherever fingers can put it: no label, complaint or message shows a piece of it.

import ErrorKit
import TestKit
import Testing

@testable import CopyCore

@Suite struct `Endpoints: secrets` {
    /// What libpq and servers say, of HOST, PORT, USER, DBNAME and so on.
    private static let messages: [String] = [
        #"could not translate host name "HOST" to address: Name or service not known"#,
        #"connection to server at "HOST" (127.0.0.1), port PORT failed: Connection refused"#,
        #"invalid port number: "PORT""#,
        #"invalid integer value "PORT" for connection option "port""#,
        #"connection to server on socket "HOST/.s.PGSQL.PORT" failed: No such file or directory"#,
        #"FATAL:  password authentication failed for user "USER""#,
        #"FATAL:  role "USER" does not exist"#,
        #"FATAL:  database "DBNAME" does not exist"#,
        #"FATAL:  no pg_hba.conf entry for host "::1", user "USER", database "DBNAME", no encryption"#,
        #"definition of service "SERVICE" not found"#,
        "Datenbank »DBNAME« existiert nicht",
        #"invalid sslmode value: "SSLMODE""#,
        #"FATAL:  unrecognized configuration parameter "OPTIONS""#,
    ]

    private static func message(_ template: String, _ values: [String: String]) -> String {
        var text = template
        for (keyword, value) in values {
            // Servers cut names to 63 bytes.
            let isName = keyword == "user" || keyword == "dbname"
            text.replace(keyword.uppercased(), with: isName ? String(value.prefix(63)) : value)
        }
        return text
    }

    @Test(arguments: Seeded.seeds(20))
    func `no piece of a password is shown, wherever it stands`(seed: UInt64) {
        var rng = Seeded(seed)
        for _ in 0..<100 {
            let text = StrayPassword.connection(&rng)
            func expectHidden(_ shown: String, _ what: Comment) {
                #expect(!StrayPassword.isSeen(in: shown), "\(what): \(shown) of <\(text)> \(rng)")
            }
            expectHidden(Redaction.redacted(text), "as an endpoint")
            do {
                let endpoint = try Endpoint(parsing: Array(text.utf8))
                expectHidden(endpoint.label, "label")
                guard case .server(let conninfo, _) = endpoint.kind else { continue }
                for message in messages(conninfo) { expectHidden(message, "message") }
            } catch {
                expectHidden("\(error)", "error")
            }
        }
    }

    /// What is told when the connection cannot be made.
    private func messages(_ conninfo: String) -> [String] {
        var values = ["dbname": conninfo]
        var scrubber = MessageScrubber(database: conninfo)
        if Endpoint.isURI(conninfo) || Endpoint.isKeywordString(conninfo) {
            guard case .success(let parameters) = ConnectionString.parse(conninfo) else { return [] }
            values = Dictionary(parameters.map { ($0.keyword, $0.value) }) { $1 }
            scrubber = MessageScrubber(ShownConnection(conninfo))
        }
        return Self.messages.map { scrubber.scrubbed(Self.message($0, values)) }
    }

    @Test(
        arguments: [
            ("postgresql://u:secret99@127.0.0.1:5433/shop", ["127.0.0.1:5433/shop"]),
            (
                "host=db.example.org port=5433 dbname='my shop' user=bob@tenant password='secret99'",
                ["db.example.org:5433/my shop"]
            ),
            ("host=/var/run/pg dbname=shop sslmode=require", ["[local:/var/run/pg]/shop"]),
            (
                "postgresql://[::1]:5433,h2/shop?application_name=x%20y&options=-c%20work_mem%3D1MB",
                ["[::1]:5433,h2/shop"]
            ),
            ("shop", ["shop"]), ("odd shop-2", ["odd shop-2"]),
        ] as [(String, [String])])
    func `an ordinary connection, and every message about it, is told whole`(text: String, words: [String]) throws {
        let endpoint = try Endpoint(parsing: Array(text.utf8))
        for word in words { #expect(endpoint.label.contains(word), "\(endpoint.label)") }
        #expect(!endpoint.label.contains("…") && !endpoint.label.contains("secret99"))
        let values = ["host": "db.example.org", "port": "5433", "user": "bob@tenant", "dbname": "my shop"]
        let scrubber =
            endpoint.label.contains("shop-2") || text == "shop"
            ? MessageScrubber(database: text) : MessageScrubber(ShownConnection(text))
        for template in Self.messages {
            let message = Self.message(template, values)
            #expect(scrubber.scrubbed(message) == message)
        }
    }

    @Test func `a message that quotes a doubtful part still says what happened`() {
        let scrubber = MessageScrubber(ShownConnection("host=db1 port=5433 user=u,password=secret99"))
        #expect(
            scrubber.scrubbed(
                #"connection to server at "db1" (10.0.0.1), port 5433 failed: FATAL:  role "u,password=secret99" does not exist"#
            )
                == #"connection to server at "db1" (10.0.0.1), port 5433 failed: FATAL:  role "…" does not exist"#)
        #expect(
            scrubber.scrubbed(#"FATAL:  password authentication failed for user "u,password=secret99""#)
                == #"FATAL:  password authentication failed for user "…""#)
    }

    @Test(arguments: [
        ("postgresql://u:pa@ss99w0rd@127.0.0.1/db", "postgresql://u@… holds an @ too many"),
        ("postgresql://u:ss99w0rd", "postgresql://…: the port is not a number"),
        ("host=h pasword=ss99w0rd", "pasword may mean password"),
        (" postgresql://u:ss99w0rd@h/db", "and not with a space"),
        ("postgresql//u:ss99w0rd@h/db", "neither a URI"),
        ("jdbc:postgresql://h/db?user=u&password=ss99w0rd", "neither a URI"),
        ("host=h nosuch=1 password=ss99w0rd", #"invalid connection option "nosuch""#),
        ("host=h password=ss99 w0rd", #"missing "=" after …"#),
        ("host=h password=ss99 w0rd=1", "invalid connection option …"),
        ("postgresql://u:ss99w0rd%zz@h/db", "invalid percent-encoded token: …"),
        ("postgresql://u:ss99w0rd@h/db?nosuch=1", "invalid URI query parameter"),
    ])
    func `what is wrong is said without the password`(text: String, words: String) {
        let error = thrown(.usage) { try Endpoint(parsing: Array(text.utf8)) }
        let said = error?.description ?? ""
        #expect(said.contains(words) && !said.contains("ss99") && !said.contains("w0rd"), "\(said)")
    }

    @Test(arguments: [
        ("user=u;password=ss99w0rd", "user=…"), ("user=u,password=ss99w0rd", "user=…"),
        ("dbname='user=u password=ss99w0rd'", "dbname=…"), ("host=h password=pa#ss99w0rd", "h#…"),
        ("postgresql://h/db?password=pa#ss99w0rd", "h/db#…"), ("host=h password='pa'#t", "h#t"),
        ("password=ss99w0rd", "…"), ("alter user u password ss99w0rd", "…"),
    ])
    func `what libpq takes as it is shows its harmless parts`(text: String, label: String) throws {
        #expect(try Endpoint(parsing: Array(text.utf8)).label == label)
    }

    @Test(arguments: ["postgres/dump.csv", "postgresql/x", "./a:b.csv", "/mnt/snap@2024/x", "a/b=c", "pass/word.csv"])
    func `files stay files`(name: String) throws {
        let endpoint = try Endpoint(parsing: Array(name.utf8))
        #expect(endpoint.kind == .file(Path(Array(name.utf8))) && endpoint.label == name)
    }

    /// Any word of a command can be a password, whatever it stands behind.
    @Test(arguments: [
        ("program:gzip -9 > /srv/a.gz", "program:gzip -9 > /srv/a.gz"),
        ("program:zcat x.gz | head -3", "program:zcat x.gz | head -3"),
        ("program:curl -u me:ss99w0rd -T - https://h/x", "program:curl …"),
        ("program:mysql -pss99w0rd", "program:mysql …"),
        ("program:PGPASSWORD=ss99w0rd psql", "program:…"), ("program:'x y' ss99w0rd", "program:…"),
        ("program:cat; echo ss99w0rd", "program:…"), ("program:cat $(ss99w0rd)", "program:cat …"),
        ("program:cat > password=ss99w0rd", "program:cat …"), ("program:gzip|ss99w0rd", "program:…"),
        ("program: gzip", "program: gzip"), ("program:psql postgresql://u:ss99w0rd@h/db -c x", "program:psql …"),
    ])
    func `of a program only plain filters are shown`(text: String, label: String) throws {
        let endpoint = try Endpoint(parsing: Array(text.utf8))
        #expect(endpoint.label == label && endpoint.kind == .program(Array(text.utf8.dropFirst(8))))
    }
}
