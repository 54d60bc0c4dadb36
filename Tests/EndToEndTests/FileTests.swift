// Files as destinations and sources: complete or untouched.

import Glibc
import TestKit
import Testing

@Suite struct FileTests {
    private static let expected = String(repeating: "x", count: 88)

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    @Test func `readers never see part of a file`() throws {
        let source = try Place(Servers.source, Trio.schema + ";" + Trio.fill(30_000))
        let directory = try TemporaryDirectory()
        let file = try directory.write("old\n".utf8, to: "out")
        let running = try start("--rate-limit=3M", source.at(), file)
        var sizes: Set<Int> = []
        while !running.hasEnded {
            sizes.insert(try directory.contents(of: "out").count)
            // Between two looks; there is no event in a name that does not change.
            usleep(2000)
        }
        let result = try running.end()
        #expect(result.code == 0, "\(result)")
        #expect(sizes.isSubset(of: [4, 3_000_000]) && sizes.contains(4), "\(sizes)")
        #expect(try directory.contents(of: "out").count == 3_000_000)
        #expect(try directory.entries() == ["out"])
    }

    @Test func `a run that fails leaves the old file and its mode`() throws {
        let trio = try Trio(rows: 20_000)
        let directory = try TemporaryDirectory()
        let file = try directory.write("old\n".utf8, to: "out")
        try #require(chmod(file, 0o640) == 0)
        let proxy = try FaultProxy(to: trio.source.cluster)
        proxy.arm(.close, at: .copyBytes(1_000_000))
        let result = try transfer(trio.source.through(proxy), file, directory.file("new"))
        #expect(proxy.faultCount == 1)
        #expect(result.code == 1, "\(result)")
        #expect(result.errors.contains("\(file): rolled back"), "\(result)")
        #expect(try directory.text(of: "out") == "old\n")
        #expect(mode(file) == 0o640)
        #expect(try directory.entries() == ["out"])
        proxy.stop()
    }

    @Test func `a file that is replaced keeps its mode, and a new one obeys the umask`() throws {
        let source = try Place(Servers.source, Trio.schema + ";" + Trio.fill(3))
        let directory = try TemporaryDirectory()
        let file = try directory.write("old\n".utf8, to: "out")
        try #require(chmod(file, 0o604) == 0)
        let pgcopy = try Program.pgcopyPath()
        let script = #"umask 027; exec "$0" transfer "$@""#
        let result = try Program("sh", ["-c", script, pgcopy, source.at(), file, directory.file("new")]).run()
        #expect(result.code == 0, "\(result)")
        #expect(mode(file) == 0o604)
        #expect(mode(directory.file("new")) == 0o640)
        #expect(try directory.contents(of: "new") == directory.contents(of: "out"))
        #expect(try directory.contents(of: "new").count == 300)
    }

    @Test func `a symbolic link is followed, and stays`() throws {
        let source = try Place(Servers.source, Trio.schema + ";" + Trio.fill(3))
        let directory = try TemporaryDirectory()
        try #require(mkdir(directory.file("real"), 0o755) == 0)
        try directory.write("old\n".utf8, to: "real/out")
        try #require(symlink("real/out", directory.file("link")) == 0)
        let result = try transfer(source.at(), directory.file("link"))
        #expect(result.code == 0, "\(result)")
        #expect(try directory.contents(of: "real/out").count == 300)
        #expect(try directory.entries() == ["link", "real"])
        var status = stat()
        #expect(lstat(directory.file("link"), &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
    }

    @Test func `a link whose file is not there yet leads to it afterwards`() throws {
        let source = try Place(Servers.source, Trio.schema + ";" + Trio.fill(3))
        let directory = try TemporaryDirectory()
        try #require(symlink("later", directory.file("link")) == 0)
        let result = try transfer(source.at(), directory.file("link"))
        #expect(result.code == 0, "\(result)")
        #expect(try directory.entries() == ["later", "link"])
        #expect(try directory.contents(of: "link").count == 300)
    }

    @Test func `a full disk is told clearly`() throws {
        let trio = try Trio(rows: 5000)
        let result = try transfer(trio.source.at(), "/dev/full", trio.first.at())
        #expect(result.code == 1, "\(result)")
        #expect(result.errors.contains("pgcopy: /dev/full: "), "\(result)")
        #expect(result.errors.contains("No space left on device"), "\(result)")
        #expect(try trio.first.count() == 0)
        let null = try transfer(trio.source.at(), "/dev/null", trio.first.at())
        #expect(null.code == 0, "\(null)")
        #expect(try trio.first.count() == 5000)
        try trio.expectNoBackends()
    }

    @Test func `paths may be any bytes`() throws {
        let source = try Place(Servers.source, Trio.schema + ";" + Trio.fill(3))
        let target = try Place(Servers.first, Trio.schema)
        let directory = try TemporaryDirectory()
        let path = Array(directory.path.utf8) + Array("/two words ".utf8) + [0xFF, 0xFE] + Array(" #t=%41".utf8)
        // Twice: the second time the file is there.
        var result = try program([source.at()]).adding(rawArgument: path).run()
        #expect(result.code == 0, "\(result)")
        result = try program([source.at()]).adding(rawArgument: path).run()
        #expect(result.code == 0, "\(result)")
        #expect(try directory.entries().count == 1)
        result = try program([]).adding(rawArgument: path).adding(rawArgument: Array(target.at().utf8)).run()
        #expect(result.code == 0, "\(result)")
        #expect(try target.digest() == source.digest())
    }

    @Test func `what cannot be a file is said before anything else`() throws {
        let trio = try Trio(rows: 3)
        let directory = try TemporaryDirectory()
        for (arguments, words) in [
            ([trio.source.at(), directory.path], "Is a directory"),
            ([trio.source.at(), directory.path + "/"], "Is a directory"),
            ([directory.path, trio.first.at()], "Is a directory"),
            ([directory.file("missing"), trio.first.at()], "No such file or directory"),
            ([trio.source.at(), directory.file("no/such/folder")], "/no/such does not exist"),
            ([trio.source.at(), "/proc/pgcopy"], "/proc/pgcopy: cannot create a file beside it"),
        ] {
            let result = try transfer(arguments)
            #expect(result.code == 1, "\(result)")
            #expect(result.errors.contains(words), "\(result)")
            let told = result.errors.split(separator: "\n").filter {
                !$0.contains("HINT: ") && !$0.hasSuffix(": not started")
            }
            #expect(told.count == 1, "\(result)")
        }
        try trio.expectNothingCommitted("")
        #expect(try directory.entries().isEmpty)
    }

    @Test(arguments: [
        ["--format=text"], ["--format=text", "--delimiter=|", "--null=(none)", "--header"],
        ["--format=csv"], ["--format=csv", "--header", "--delimiter=;", "--null=NIL", "--quote='", "--escape=\\"],
        ["--format=csv", "--delimiter=\\t", "--null= "], ["--format=binary"], ["--encoding=LATIN1"],
        ["--format=csv", "--encoding=UTF8", "--header"],
    ])
    func `rows that go to a file and back are the same`(options: [String]) throws {
        let text = options.contains("--encoding=LATIN1") ? "'é' || i" : "'é🙂' || i"
        let trio = try Trio(
            "CREATE TABLE t (i int, s text, n numeric)",
            source: #"""
                INSERT INTO t SELECT i, CASE i % 9 WHEN 0 THEN '' WHEN 1 THEN NULL WHEN 2 THEN 'a"b''c' WHEN 3 THEN E'x\ny\r\n'
                    WHEN 4 THEN E't\tt|t;t,t' WHEN 5 THEN E'back\\slash' WHEN 6 THEN 'NIL' WHEN 7 THEN E'\\N(none)'
                    ELSE \#(text) END, NULLIF(i * 1.5, 3) FROM generate_series(1, 2000) i
                """#)
        let directory = try TemporaryDirectory()
        let file = directory.file("rows")
        let out = try transfer(options + [trio.source.at(), file])
        #expect(out.code == 0, "\(out)")
        #expect(out.errors.contains("written, 2,000 rows"), "\(out)")
        let back = try transfer(options + ["file:" + file, trio.first.at(), trio.second.at()])
        #expect(back.code == 0, "\(back)")
        #expect(back.errors.contains("committed, 2,000 rows"), "\(back)")
        #expect(try trio.first.digest() == trio.source.digest())
        #expect(try trio.second.digest() == trio.source.digest())
        if options.contains("--header") { #expect(try directory.text(of: "rows").hasPrefix("i")) }
        // A copy of the file is the same bytes.
        #expect(try transfer(options + [file, directory.file("copy")]).code == 0)
        #expect(try directory.contents(of: "copy") == directory.contents(of: "rows"))
    }

    @Test func `a file has the bytes of its encoding`() throws {
        let source = try Place(Servers.source, "CREATE TABLE t (s text); INSERT INTO t VALUES ('é')")
        let directory = try TemporaryDirectory()
        let file = directory.file("latin")
        #expect(try transfer("--encoding=LATIN1", source.at(), file).code == 0)
        #expect(try directory.contents(of: "latin") == [0xE9, 0x0A])
        let wrong = try transfer(file, source.at())
        #expect(wrong.code == 1, "\(wrong)")
        #expect(wrong.errors.contains("invalid byte sequence for encoding"), "\(wrong)")
    }
}
