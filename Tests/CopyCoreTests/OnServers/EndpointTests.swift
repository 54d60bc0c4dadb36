// What people name as sources and destinations, and that no message shows a password.

import CopyCore
import ErrorKit
import TestKit
import Testing

@Suite struct `Endpoints` {
    private func endpoint(_ text: String) throws -> Endpoint { try Endpoint(parsing: Array(text.utf8)) }

    @Test(
        arguments: [
            ("shop", "shop", nil, "shop"),
            ("shop#orders", "shop", ["orders"], "shop#orders"),
            ("shop#Sales.Orders", "shop", ["sales", "orders"], "shop#Sales.Orders"),
            (#"shop#"Odd ""name"" #1""#, "shop", [#"Odd "name" #1"#], #"shop#"Odd ""name"" #1""#),
            ("service=main", "service=main", nil, "service=main"),
            ("host=h dbname=d#t", "host=h dbname=d", ["t"], "h/d#t"),
            ("host=/tmp dbname=d", "host=/tmp dbname=d", nil, "[local:/tmp]/d"),
            ("postgresql://h/d", "postgresql://h/d", nil, "h/d"),
            ("postgres://h/d#s.t", "postgres://h/d", ["s", "t"], "h/d#s.t"),
            ("postgresql:///d?host=/tmp#t", "postgresql:///d?host=/tmp", ["t"], "[local:/tmp]/d#t"),
            ("postgresql://u:pw@h/d#t", "postgresql://u:pw@h/d", ["t"], "h/d#t"),
            ("password=pw host=h#t", "password=pw host=h", ["t"], "h#t"),
        ] as [(String, String, [String]?, String)])
    func `a server, its table and its label`(text: String, conninfo: String, table: [String]?, label: String) throws {
        let endpoint = try endpoint(text)
        #expect(endpoint.kind == .server(conninfo: conninfo, table: table.map { SQLName($0) }))
        #expect(endpoint.label == label && endpoint.isServer)
    }

    @Test func `streams, nothing and files`() throws {
        #expect(try endpoint("-").kind == .standardStream)
        #expect(try endpoint("null:").kind == .null)
        for name in ["./orders", "/dev/null", "out/orders.csv", "a/b=c", "a/b#c"] {
            #expect(try endpoint(name).kind == .file(Path(Array(name.utf8))), "\(name)")
        }
        #expect(try endpoint("file:orders").kind == .file(Path(Array("orders".utf8))))
        #expect(try endpoint("file:-").kind == .file(Path(Array("-".utf8))))
        let odd: [UInt8] = Array("./".utf8) + [0xff, 0xfe]
        #expect(try Endpoint(parsing: odd).kind == .file(Path(odd)))
    }

    @Test(arguments: [
        ("", "empty"), ("file:", "names no file"), ("#orders", "no database"), ("host:5432", "postgresql://HOST:PORT"),
        ("1=2", "file:NAME"), ("db#", "double quotes"), ("db#two words", "double quotes"),
        ("host=h nosuch=1", "nosuch"),
        ("host='open", "not a connection string"),
    ])
    func `what makes no sense is refused with a reason`(text: String, reason: String) throws {
        let error = thrown(.usage) { try endpoint(text) }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }

    @Test func `a database name that is no UTF-8 is refused`() {
        thrown(.usage) { try Endpoint(parsing: [0x64, 0xff]) }
    }

    // MARK: Secrets

    /// A word that no other part of a text contains.
    private let secret = "sEcReT"

    /// The secret with things around it that make parsing it harder.
    private func dressed(_ rng: inout Seeded, _ alphabet: String) -> String {
        func noise() -> String { String((0..<rng.next(in: 0..<4)).map { _ in alphabet.randomElement(using: &rng)! }) }
        return noise() + secret + noise()
    }

    private func uri(_ rng: inout Seeded) -> String {
        let scheme = ["postgresql://", "postgres://"].randomElement(using: &rng)!
        let host = ["h", "h:5432", "h1:1,h2:2", "[::1]:5432", "", "%2Ftmp"].randomElement(using: &rng)!
        let path = ["", "/", "/d", "/d%20b", "/d/e"].randomElement(using: &rng)!
        let keyword = ["password", "sslpassword", "pass%77ord", "%70assword", "PASSWORD"].randomElement(using: &rng)!
        let other = ["", "user=u&", "application_name=a%26b&", "host=/tmp&"].randomElement(using: &rng)!
        switch rng.next(in: 0..<3) {
        case 0: return scheme + "u:" + dressed(&rng, ":@%!?/'ab&=") + "@" + host + path
        case 1: return scheme + host + path + "?" + other + keyword + "=" + dressed(&rng, "%+'ab=:") + "&port=1"
        default:
            return scheme + "u:" + dressed(&rng, ":ab%") + "@" + host + path + "?" + other + keyword + "="
                + dressed(&rng, "ab%")
        }
    }

    private func words(_ rng: inout Seeded) -> String {
        let keyword = ["password", "sslpassword", "PASSWORD", "Password"].randomElement(using: &rng)!
        let equals = ["=", " = ", "= ", "  =\t"].randomElement(using: &rng)!
        let value =
            switch rng.next(in: 0..<3) {
            case 0: dressed(&rng, "ab\\=@:/")
            case 1: "'" + dressed(&rng, "ab =@#:/\"") + "'"
            // The end of the quotes forgotten.
            default: "'" + dressed(&rng, "ab =@#:/")
            }
        let before = ["", "host=h ", "host = 'a b' ", "user=u\tdbname=d "].randomElement(using: &rng)!
        return before + keyword + equals + value + ["", " port=1"].randomElement(using: &rng)!
    }

    @Test(arguments: Seeded.seeds(20))
    func `no label and no complaint shows a password`(seed: UInt64) throws {
        var rng = Seeded(seed)
        for _ in 0..<500 {
            let text = (rng.next(in: 0..<2) == 0 ? uri(&rng) : words(&rng)) + ["", "#t"].randomElement(using: &rng)!
            #expect(!Redaction.redacted(text).contains(secret), "\(text) \(rng)")
            do {
                let endpoint = try endpoint(text)
                #expect(!endpoint.label.contains(secret), "\(text) \(rng)")
            } catch {
                #expect(!"\(error)".contains(secret), "\(text) \(rng)")
            }
        }
    }

    @Test(arguments: ["u:sEcReT@h", "u:sEcReT@h/d", "postgresq://u:sEcReT@h/d", "postgressql://u:sEcReT@h/d#t"])
    func `a URI whose scheme is missing or misspelt does not show its password either`(text: String) {
        do {
            let shown = try endpoint(text).label
            #expect(!shown.contains(secret))
        } catch {
            #expect(!"\(error)".contains(secret))
        }
    }

    @Test func `what is no secret is shown as it was written`() {
        for text in ["postgresql://u@h1,h2:2/d?sslmode=require&host=x", "host=h user=u", "shop", "service=x"] {
            #expect(Redaction.redacted(text) == text)
        }
        #expect(Redaction.redacted("postgresql://u:p@h/d?password=x") == "postgresql://u@h/d")
        #expect(Redaction.redacted("postgresql://h/d?password=x&user=u") == "postgresql://h/d?user=u")
        #expect(Redaction.redacted("host=h password='a b' port=1") == "host=h port=1")
    }
}
