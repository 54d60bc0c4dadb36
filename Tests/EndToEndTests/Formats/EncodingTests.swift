// Encodings that are no encoding, and names of encodings.

import TestKit
import Testing

@Suite struct EncodingTests {
    private static let spellings = ["SQL_ASCII", "sqlascii", "SQL-ASCII", "sql ascii"]

    @Test(arguments: spellings) func `a file in no known encoding is checked, however that is spelt`(name: String)
        throws
    {
        let target = try Place(Servers.first, "CREATE TABLE t (i int, a text)")
        let file = try TemporaryDirectory()
        defer { file.remove() }
        let path = try file.write(Array("1\tx".utf8) + [0xFF, 0xE9, 0x79, 0x0A], to: "bad")
        let result = try transfer("--encoding", name, path, target.at())
        #expect(result.code == 1 && result.errors.contains("22021"), "\(result)")
        #expect(try target.count() == 0)
        #expect(try transfer("--encoding", name, file.write(Array("1\té\n".utf8), to: "good"), target.at()).code == 0)
        #expect(try target.sql("SELECT a FROM t") == "é")
    }

    @Test(arguments: spellings) func `a server's bytes are not given out as those of no encoding`(name: String) throws {
        let table = "CREATE TABLE t (a text);"
        let source = try Place(Servers.source, table + "INSERT INTO t VALUES ('é')")
        let latin1 = try Place(Servers.first, table, encoding: "LATIN1")
        let result = try transfer("--encoding", name, source.at(), latin1.at())
        #expect(result.code == 2 && result.errors.contains("is in UTF8"), "\(result)")
        #expect(try latin1.count() == 0)
        // To a file, and from a database that has none, it says what is so.
        let file = try transfer("--encoding", name, source.at(), "-").expecting(0)
        #expect(file.output == "é\n")
        let ascii = try Place(Servers.source, table + "INSERT INTO t VALUES (E'\\xe9')", encoding: "SQL_ASCII")
        try transfer("--encoding", name, ascii.at(), latin1.at()).expecting(0)
        #expect(try latin1.sql("SELECT a FROM t") == "é")
    }

    @Test func `bytes of no known encoding are the same in every format, or binary is refused`() throws {
        let table = "CREATE TABLE t (a text); CREATE TABLE n (i int, b bytea);"
        let source = try Place(
            Servers.source, table + "INSERT INTO t VALUES (E'\\xc3\\xa9'); INSERT INTO n VALUES (1, '\\xff')",
            encoding: "SQL_ASCII")
        let latin1 = try Place(Servers.first, table, encoding: "LATIN1")
        for format in ["auto", "text", "csv"] {
            try transfer("--truncate", "--format", format, source.at(), latin1.at()).expecting(0)
            #expect(try latin1.sql("SELECT encode(convert_to(a, 'LATIN1'), 'hex') FROM t") == "c3a9")
        }
        let binary = try transfer("--truncate", "--format=binary", source.at(), latin1.at())
        #expect(binary.code == 2 && binary.errors.contains("column \"a\" is in no known encoding"), "\(binary)")
        #expect(try latin1.count() == 1)
        try transfer("--format=binary", source.at("n"), latin1.at("n")).expecting(0)
        #expect(try latin1.sql("SELECT * FROM n") == "1|\\xff")
    }
}
