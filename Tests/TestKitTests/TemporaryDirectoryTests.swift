// Temporary directories.

import Glibc
import TestKit
import Testing

@Suite struct TemporaryDirectoryTests {
    @Test func `entries are listed, and removed with the directory`() throws {
        let directory = try TemporaryDirectory()
        #expect(try directory.entries() == [])
        try directory.write("b".utf8, to: "b")
        try directory.write("a".utf8, to: ".a")
        mkdir(directory.file("sub"), 0o700)
        try directory.write("c".utf8, to: "sub/c")
        #expect(try directory.entries() == [".a", "b", "sub"])
        #expect(try directory.text(of: "b") == "b")
        directory.remove()
        #expect(access(directory.path, F_OK) == -1)
    }

    @Test func `a server can read what a test writes`() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("1\n2\n".utf8, to: "rows")
        let sql = "CREATE TEMP TABLE t (i int); COPY t FROM '\(path)'; SELECT sum(i) FROM t"
        #expect(try Servers.source.psql(sql) == "3")
    }
}
