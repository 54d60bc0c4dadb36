// Which encoding files and streams are in.

import TestKit
import Testing

@Suite struct StreamEncodingTests {
    private func expectRefusal(_ result: ProgramResult) {
        #expect(result.code == 2 && result.errors.contains("--encoding=LATIN1 or --encoding=UTF8"), "\(result)")
    }

    private func latin1(_ place: Place) -> String {
        "host='\(place.cluster.socketDirectory)' port=\(place.cluster.port) user=postgres dbname=\(place.database) "
            + "client_encoding=latin1#t"
    }

    @Test func `a client_encoding that is given is not passed over in silence`() throws {
        let trio = try Trio("CREATE TABLE t (a text)", source: "INSERT INTO t VALUES ('\u{e9}')")
        let directory = try TemporaryDirectory()
        let file = try directory.write([0xE9, 0x0A], to: "latin1")
        let new = directory.file("new")
        let target = latin1(trio.first)
        expectRefusal(try transfer(file, target))
        expectRefusal(
            try transfer("--format=csv", trio.source.at(), new) { $0.environment["PGCLIENTENCODING"] = "LATIN1" })
        for name in ["-c client_encoding", "-c Client_Encoding", "--client-encoding", #"-c client\_encoding"#] {
            expectRefusal(try transfer(trio.source.at(), new) { $0.environment["PGOPTIONS"] = "\(name)=LATIN1" })
        }
        #expect(try !directory.exists("new") && trio.first.count() == 0)
        // What was said, and what needs no saying.
        #expect(try transfer("--encoding=LATIN1", file, target).code == 0)
        #expect(try trio.first.digest() == trio.source.digest())
        #expect(
            try transfer("--encoding=UTF8", trio.source.at(), new) { $0.environment["PGCLIENTENCODING"] = "LATIN1" }
                .code == 0)
        #expect(try directory.contents(of: "new") == [0xC3, 0xA9, 0x0A])
        for encoding in ["UTF8", "unicode", ""] {
            #expect(try transfer(trio.source.at(), new) { $0.environment["PGCLIENTENCODING"] = encoding }.code == 0)
        }
        #expect(try transfer(trio.source.at(), latin1(trio.second), "null:").code == 0)
        #expect(try trio.second.digest() == trio.source.digest())
    }

    @Test func `a column whose name holds a noncharacter goes there and back`() throws {
        let trio = try Trio("CREATE TABLE t (\"x\u{10FFFE}y\" text, b int)", source: "INSERT INTO t VALUES ('1', 2)")
        let file = try TemporaryDirectory()
        for format in ["csv", "text"] {
            let options = ["--header", "--format", format, "--truncate"]
            #expect(try transfer(options + [trio.source.at(), file.file("rows")]).code == 0)
            let result = try transfer(options + [file.file("rows"), trio.first.at()])
            #expect(result.code == 0, "\(result)")
            #expect(try trio.first.digest() == trio.source.digest())
        }
    }

    @Test func `the advice about a header line that is refused helps`() throws {
        let place = try Place(Servers.source, "CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a + 1) STORED)")
        let open = try transfer("--format=csv", "--header", "-", place.at()) {
            $0.input = .bytes(Array("\"c\n1\n".utf8))
        }
        #expect(open.code == 1 && !open.errors.contains("--allow-unterminated"), "\(open)")
        #expect(open.errors.contains("a name in it is not closed"), "\(open)")
        let generated = try transfer("--format=csv", "--header", "-", place.at()) {
            $0.input = .bytes(Array("a,g\n1,2\n".utf8))
        }
        #expect(generated.errors.contains("the file or stream has to come without it"), "\(generated)")
    }

    @Test func `options that would mean nothing are refused`() throws {
        for arguments in [
            ["--allow-empty", "a#t", "b"], ["--allow-unterminated", "a#t", "./b"],
        ] {
            let result = try transfer(arguments)
            #expect(result.code == 2 && result.errors.contains(arguments[0] + " is for"), "\(result)")
        }
        for version in try Servers.versions() where version < 15 {
            let place = try Place(Servers.version(version), "CREATE TABLE t (a int)")
            let result = try transfer("--header", place.at(), "-")
            #expect(result.code == 2 && result.errors.contains("needs PostgreSQL 15 at the source"), "\(result)")
        }
    }
}
