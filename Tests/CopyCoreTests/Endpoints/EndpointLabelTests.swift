// How messages name endpoints: short, and so that those of one run, and two runs, can be told apart.

import Testing

@testable import CopyCore

@Suite struct `Endpoints: labels` {
    private func endpoint(_ text: String) throws -> Endpoint { try Endpoint(parsing: Array(text.utf8)) }

    @Test(arguments: [
        ("postgresql://bob:secret@127.0.0.1:5502/shop#orders", "127.0.0.1:5502/shop#orders"),
        ("postgres://db.example.org/shop?sslmode=require", "db.example.org/shop"),
        ("postgresql://[::1]:5433/shop#a", "[::1]:5433/shop#a"), ("postgresql:///shop", "shop"),
        ("postgresql://h1:5433,h2:5434/shop", "h1:5433,h2:5434/shop"),
        ("postgresql://h1,h2/shop?port=5433", "h1:5433,h2:5433/shop"),
        ("postgresql://h/a?dbname=b&host=%2Frun%2Fpg", "[local:/run/pg]/b"),
        ("postgresql://bob@/my%20shop?host=/run/pg&port=1#t", "[local:/run/pg]:1/my shop#t"),
        ("host=db port=5433 dbname=shop user=bob password=secret", "db:5433/shop"),
        ("host=::1,10.0.0.1 port=5433,5434 dbname=shop", "[::1]:5433,10.0.0.1:5434/shop"),
        ("hostaddr=10.0.0.1 dbname=shop", "10.0.0.1/shop"), ("host=db hostaddr=10.0.0.1", "db"),
        ("host=@pg port=1", "[local:@pg]:1"), ("dbname=shop", "shop"), ("port=5433 dbname=shop", ":5433/shop"),
        ("service=eu#orders", "service=eu#orders"), ("password=secret user=bob service=eu#o", "service=eu#o"),
        ("user=bob service=eu dbname='my shop' sslmode=require", "service=eu dbname='my shop'"),
        ("user=bob", "user=bob"), ("sslmode=require", "sslmode=require"), ("shop#sales.orders", "shop#sales.orders"),
        ("./out.csv", "./out.csv"), ("file:out.csv", "file:out.csv"), ("program:gzip > a.gz", "program:gzip > a.gz"),
        // Where something may not be shown all is as written.
        ("host=h pasword=secret user=bob", "host=h user=bob …"), ("host=h user=u;password=secret", "host=h user=…"),
    ])
    func `a label says where and what`(text: String, label: String) throws {
        let endpoint =
            text.hasPrefix("host=h pas")
            ? Endpoint(.server(conninfo: text, table: nil), EndpointNames(server: text)) : try endpoint(text)
        #expect(endpoint.label == label)
    }

    @Test(arguments: [
        (["postgresql://h/a#t", "postgresql://h/b#t"], ["h/a#t", "h/b#t"]),
        (["postgresql://bob@h/a", "postgresql://eve@h/a", "x"], ["bob@h/a", "eve@h/a", "x"]),
        (["postgresql://h/a", "postgresql://eve@h/a"], ["postgresql://h/a", "eve@h/a"]),
        (["dbname=a", "a"], ["dbname=a", "a"]), (["dbname=a user=bob", "a"], ["bob@/a", "a"]),
        (
            ["host=h user=bob sslmode=require", "host=h user=bob sslmode=disable"],
            ["host=h user=bob sslmode=require", "host=h user=bob sslmode=disable"]
        ),
        (["service=eu user=bob", "service=eu user=eve"], ["service=eu user=bob", "service=eu user=eve"]),
        (["host=h password=a", "host=h password=b"], ["host=h", "host=h (2)"]),
        (["postgresql://h/a", "postgresql://h/a"], ["h/a", "h/a"]), (["null:", "null:"], ["null:", "null:"]),
        (["program:curl a", "program:curl b"], ["program:curl …", "program:curl … (2)"]),
    ])
    func `those of one run differ`(texts: [String], labels: [String]) throws {
        let told = Endpoint.toldApart(try texts.map(endpoint))
        #expect(told.map(\.label) == labels)
        #expect(Endpoint.toldApart(told).map(\.label) == labels)
    }

    @Test func `files whose names are no text are told apart, too`() throws {
        let files = try [[0xFF], [0xFE], [0xFF]].map { try Endpoint(parsing: Array("./b".utf8) + $0) }
        let labels = Endpoint.toldApart(files).map { RawText.shown($0.label) }
        #expect(labels == ["./b\u{FFFD}", "./b\u{FFFD} (2)", "./b\u{FFFD} (3)"])
    }

    @Test func `a run of one table is told from others by its name`() throws {
        func labels(_ source: String, _ destinations: String..., change: (inout TransferRequest) -> Void) throws
            -> [String]
        {
            var request = TransferRequest(from: try endpoint(source), to: try destinations.map(endpoint))
            change(&request)
            request.tellEndpointsApart()
            return [request.source.label] + request.destinations.map(\.label)
        }
        #expect(
            try labels("shop", "postgresql://h/b", "c#d", "./f") { $0.table = SQLName(["s", "Odd Name"]) }
                == ["shop#s.\"Odd Name\"", "h/b#s.\"Odd Name\"", "c#d", "./f"])
        #expect(try labels("shop#orders", "b") { _ in } == ["shop#orders", "b#orders"])
        #expect(try labels("shop#s.orders", "b") { $0.intoSchema = "x" } == ["shop#s.orders", "b#x.orders"])
        #expect(
            try labels("shop", "b") {
                $0.query = "SELECT 1"
                $0.into = SQLName(["sums"])
            } == ["shop", "b#sums"])
        #expect(try labels("shop", "b") { $0.selection = try? TableSelection(tables: ["a*"]) } == ["shop", "b"])
        #expect(try labels("-", "b") { $0.into = SQLName(["t"]) } == ["-", "b#t"])
    }

    @Test(arguments: [
        ("postgresql://bob:secret@h:1/shop?sslmode=require#t", "user bob at h:1/shop"), ("service=eu#t", "service=eu"),
        ("service=eu user=bob", "user bob at service=eu"), ("shop#t", "shop"), ("user=bob", "user bob"),
        ("sslmode=require", "sslmode=require"),
    ])
    func `a password is asked for by who logs in where`(text: String, login: String) throws {
        #expect(try endpoint(text).names.login == login)
    }
}
