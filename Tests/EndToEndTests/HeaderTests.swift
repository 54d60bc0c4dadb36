// The header line of a source is its list of columns.

import Glibc
import TestKit
import Testing

@Suite struct HeaderTests {
    private func feed(_ input: String, _ arguments: String...) throws -> ProgramResult {
        try transfer(arguments) { $0.input = .bytes(Array(input.utf8)) }
    }

    private func feed(_ input: [UInt8], _ arguments: [String]) throws -> ProgramResult {
        try transfer(arguments) { $0.input = .bytes(input) }
    }

    @Test(arguments: ["csv", "text"])
    func `columns are matched by its names in whatever order`(format: String) throws {
        let trio = try Trio("CREATE TABLE t (price int, cost int, note text DEFAULT 'none')")
        try trio.second.sql("DROP TABLE t; CREATE TABLE t (note text, cost int, price int)")
        let rows = format == "csv" ? "cost,price\n1,2\n" : "cost\tprice\n1\t2\n"
        let directory = try TemporaryDirectory()
        let (file, copy) = (try directory.write(rows.utf8, to: "rows"), directory.file("copy"))
        for header in ["--header", "--header=match"] {
            let result = try feed(
                rows, header, "--truncate", "--format", format, "-", trio.first.at(), copy, trio.second.at(), "null:")
            #expect(result.code == 0, "\(result)")
            #expect(try trio.first.sql("SELECT price, cost, note FROM t") == "2|1|none")
            #expect(try trio.second.sql("SELECT price, cost, note IS NULL FROM t") == "2|1|t")
            #expect(try directory.text(of: "copy") == rows)
            for end in ["\(copy): written", "null: discarded"] {
                #expect(result.errors.contains("\(end), 1 row"), "\(result)")
            }
        }
        let result = try transfer("--header", "--truncate", "--format", format, file, trio.first.at(), "-")
        #expect(result.code == 0 && result.output == rows, "\(result)")
        #expect(try trio.first.sql("SELECT price, cost FROM t") == "2|1")
        let pipe = directory.file("pipe")
        try #require(mkfifo(pipe, 0o600) == 0)
        let reading = try start("--header", "--truncate", "--format", format, pipe, trio.second.at())
        let writing = try Program("sh", ["-c", #"(head -c 7 "$0"; tail -c +8 "$0") > "$1""#, file, pipe]).start()
        let read = try reading.end()
        #expect(read.code == 0, "\(read)")
        try writing.wait().expecting(0)
        #expect(try trio.second.sql("SELECT price, cost FROM t") == "2|1")
    }

    @Test func `names that cannot be matched are refused before any row`() throws {
        let trio = try Trio("CREATE TABLE t (price int, cost int, twice int GENERATED ALWAYS AS (price * 2) STORED)")
        for (rows, words) in [
            ("prise,cost\n1,2\n", "has no column \"prise\" (did you mean \"price\"?); it has"),
            ("Price,cost\n1,2\n", "has no column \"Price\" (did you mean \"price\"?)"),
            ("a,b\n1,2\n", "has no column \"a\", \"b\"; it has"), ("cost,cost\n1,2\n", "\"cost\" is named twice"),
            ("cost,twice\n1,2\n", "is generated there"), ("\n1,2\n", "the header line is empty"),
            ("cost,\n1,2\n", "has no column \"\""),
        ] {
            let result = try feed(rows, "--header", "--format=csv", "-", trio.first.at(), trio.second.at())
            #expect(result.code == 1, "\(result)")
            #expect(result.errors.contains(words), "\(result)")
            try trio.expectNothingCommitted("\(rows)")
        }
    }

    @Test func `a header line that is not all there is a source cut off`() throws {
        let trio = try Trio("CREATE TABLE t (price int, cost int)")
        try trio.first.sql("INSERT INTO t VALUES (1, 1)")
        for header in ["--header", "--header=skip"] {
            for (rows, words) in [
                ("", "-: the data ends before its header line"),
                ("price,co", "-: the data ends inside the header line"),
                ("\"price\n", "-: the data ends inside the header line"),
                ("\\.\n", "-: the data ends before its header line"),
                ("price,cost\n1,", "-: the data ends inside row 1"),
                (String(repeating: "x", count: 1 << 21), "-: the header line is longer than 1048576 bytes"),
            ] {
                let result = try feed(rows, header, "--truncate", "--format=csv", "-", trio.first.at())
                #expect(result.code == 1, "\(result)")
                #expect(result.errors.contains(words), "\(result)")
                #expect(try trio.first.count() == 1)
            }
        }
        let none = try feed("price,cost\n", "--header", "--format=csv", "-", trio.second.at(), "-")
        #expect(none.code == 0 && none.output == "price,cost\n", "\(none)")
        let returned = try feed("price,cost\r", "--header", "--expect-rows=0", "--format=csv", "-", trio.second.at())
        #expect(returned.code == 0, "\(returned)")
        let taken = try feed("price,cost", "--header", "--allow-unterminated", "--format=csv", "-", trio.second.at())
        #expect(taken.code == 0, "\(taken)")
        #expect(try trio.second.count() == 0)
    }

    @Test func `a header line that is skipped names nothing`() throws {
        let trio = try Trio("CREATE TABLE t (price int, cost int)")
        let rows = "what,ever\n1,2\n"
        let result = try feed(rows, "--header=skip", "--format=csv", "-", trio.first.at(), "-")
        #expect(result.code == 0 && result.output == rows, "\(result)")
        #expect(try trio.first.sql("SELECT price, cost FROM t") == "1|2")
        let named = try feed(rows, "--header=skip", "--columns=cost,price", "--format=csv", "-", trio.second.at())
        #expect(named.code == 0, "\(named)")
        #expect(try trio.second.sql("SELECT price, cost FROM t") == "2|1")
        let server = try transfer("--header=skip", "--format=csv", trio.first.at(), "-")
        #expect(server.code == 2 && server.errors.contains("--header=skip"), "\(server)")
    }

    @Test func `columns named beside it have to be the same ones`() throws {
        let trio = try Trio("CREATE TABLE t (price int, cost int)")
        let rows = "cost,price\n1,2\n"
        let other = try feed(rows, "--header", "--columns=price,cost", "--format=csv", "-", trio.first.at())
        #expect(other.code == 2 && other.errors.contains("--header=skip goes by --columns"), "\(other)")
        #expect(try trio.first.count() == 0)
        let same = try feed(rows, "--header", "--columns=cost,price", "--format=csv", "-", trio.first.at())
        #expect(same.code == 0, "\(same)")
        #expect(try trio.first.sql("SELECT price, cost FROM t") == "2|1")
    }

    @Test func `names are written as values are`() throws {
        let trio = try Trio(#"CREATE TABLE t ("a,b" int, "c""d" int, "e\#nf" int, "g\h" int)"#)
        let check = #"SELECT "a,b", "c""d", "e\#nf", "g\h" FROM t"#
        for (options, rows) in [
            (["--format=csv"], "g\\h,\"e\nf\",\"c\"\"d\",\"a,b\"\n4,3,2,1\n"),
            (["--format=csv", "--delimiter=;", "--quote='", "--escape=\\"], "g\\h;'e\nf';c\"d;a,b\n4;3;2;1\n"),
            (["--format=text", "--delimiter=|"], "g\\\\h|e\\nf|c\"d|a,b\n4|3|2|1\n"),
            (["--format=csv"], "g\\h,\"e\nf\",\"c\"\"d\",\"a,b\"\r\n4,3,2,1\r\n"),
        ] {
            let result = try feed(
                Array(rows.utf8), options + ["--header", "--truncate", "-", trio.first.at()])
            #expect(result.code == 0, "\(result)")
            #expect(try trio.first.sql(check) == "1|2|3|4")
        }
        // What the server writes is read.
        try trio.source.sql("INSERT INTO t VALUES (1, 2, 3, 4)")
        let directory = try TemporaryDirectory()
        let file = directory.file("rows")
        for format in ["csv", "text"] {
            #expect(try transfer("--header", "--format", format, trio.source.at(), file).code == 0)
            #expect(try transfer("--header", "--truncate", "--format", format, file, trio.second.at()).code == 0)
            #expect(try trio.second.digest() == trio.source.digest())
        }
    }

    @Test func `names are in the encoding of the stream`() throws {
        let trio = try Trio("CREATE TABLE t (\"größe\" int, b text)")
        let latin: [UInt8] = Array("b,gr".utf8) + [0xf6, 0xdf] + Array("e\nx".utf8) + [0xe9] + Array(",1\n".utf8)
        let told = try feed(latin, ["--header", "--format=csv", "--encoding=LATIN1", "-", trio.first.at()])
        #expect(told.code == 0, "\(told)")
        #expect(try trio.first.sql("SELECT \"größe\", b FROM t") == "1|xé")
        let untold = try feed(latin, ["--header", "--format=csv", "-", trio.second.at()])
        #expect(untold.code == 1 && untold.errors.contains("--encoding says what it is"), "\(untold)")
        let marked = try feed(
            [0xEF, 0xBB, 0xBF] + Array("\"größe\",b\n1,y\n".utf8), ["--header", "--format=csv", "-", trio.second.at()])
        #expect(marked.code == 0, "\(marked)")
        #expect(try trio.second.sql("SELECT \"größe\", b FROM t") == "1|y")
    }

    @Test func `a signal ends the wait for a header line`() throws {
        let trio = try Trio(rows: 0)
        let directory = try TemporaryDirectory()
        let pipe = directory.file("pipe")
        try #require(mkfifo(pipe, 0o600) == 0)
        let running = try start("--header", "--format=csv", pipe, trio.first.at())
        // Opening the pipe takes its reader.
        let writer = try Program("sh", ["-c", #"exec 3>"$0"; printf 'id,fil' >&3; echo open; cat"#, pipe])
            .with { $0.input = .pipe }.start()
        try writer.waitForOutput(containing: "open", on: .output)
        let (result, duration) = try interrupted(running, SIGTERM)
        #expect(result.code == 143, "\(result)")
        #expect(duration < .seconds(10), "\(result)")
        writer.closeInput()
        try writer.wait().expecting(0)
        try trio.expectNoBackends()
    }

    @Test func `a header line of a server is no row`() throws {
        let trio = try Trio(rows: 20)
        let directory = try TemporaryDirectory()
        let file = directory.file("rows")
        let result = try transfer(
            "--header", "--format=csv", "--expect-rows=20", trio.source.at(), file, trio.first.at())
        #expect(result.code == 0, "\(result)")
        #expect(result.errors.contains("\(file): written, 20 rows"), "\(result)")
        #expect(try trio.first.count() == 20)
    }

    /// A server gets the rows without the header line, and goes by their first line end.
    @Test(
        arguments: [
            "Name\nx\r\\.\ry\r\nz\r\n", "Name\nx\r\\.\ry\n", "Name\rx\n\\.\ny\r", "Name\r\nx\r\\.\ry\r\n",
            "Name\r\nx\ny\n", "Name\nx\ry\rz\r", "Name\n\\.\rx\n",
        ], ["--header", "--header=skip"])
    func `rows that end otherwise than the header line are refused`(input: String, header: String) throws {
        let place = try Place(Servers.first, #"CREATE TABLE t ("Name" text, extra text)"#)
        let directory = try TemporaryDirectory()
        let file = directory.file("out")
        let result = try feed(
            input, header, #"--columns="Name""#, "--allow-unterminated", "--format=csv", "-", place.at(), file)
        #expect(result.code == 1 && result.errors.contains("line end"), "\(result)")
        #expect(try place.count() == 0)
        #expect(!directory.exists("out"))
        for end in ["\n", "\r\n", "\r"] {
            let good = try feed(
                "Name\(end)x\(end)\"y\nz\"\(end)", header, #"--columns="Name""#, "--format=csv", "-", place.at())
            #expect(good.code == 0, "\(good)")
        }
        #expect(try place.sql("SELECT count(*), count(DISTINCT \"Name\") FROM t") == "6|2")
    }

    @Test func `encodings whose characters look like quotes and backslashes are refused for streams that are read`()
        throws
    {
        let place = try Place(Servers.first, #"CREATE TABLE t (a text)"#)
        for encoding in ["SJIS", "MSKANJI", "big5", "GBK", "UHC", "GB18030", "JOHAB"] {
            let result = try feed([0x95, 0x5c, 10], ["--encoding", encoding, "-", place.at()])
            #expect(result.code == 2 && result.errors.contains("iconv"), "\(result)")
        }
        // Written they are.
        try place.sql("INSERT INTO t VALUES ('\u{8868}')")
        let result = try transfer("--encoding=SJIS", place.at(), "-")
        #expect(result.code == 0, "\(result)")
    }
}

@Suite struct QueryColumnTests {
    @Test func `a query's columns get their names by --columns`() throws {
        let trio = try Trio("CREATE TABLE t (a int, b int, c int DEFAULT 7)")
        let query = "SELECT i, i + 1 FROM (VALUES (1), (2)) AS v(i) ORDER BY i DESC"
        let result = try transfer(
            "--query", query, "--columns=b,a", "--into=t", trio.source.conninfo, trio.first.conninfo, trio.second.at())
        #expect(result.code == 0, "\(result)")
        #expect(try trio.first.sql("SELECT a, b, c FROM t ORDER BY a") == "2|1|7\n3|2|7")
        // Names that are the same twice.
        let twice = try transfer(
            "--query=SELECT 8, 9", "--columns=a,b", "--truncate", trio.source.conninfo, trio.second.at())
        #expect(twice.code == 0, "\(twice)")
        #expect(try trio.second.sql("SELECT a, b FROM t") == "8|9")
        let header = try transfer(
            "--query", query, "--columns=\"x y\",a", "--format=csv", "--header", trio.source.conninfo, "-")
        #expect(header.code == 0 && header.output == "x y,a\n2,3\n1,2\n", "\(header)")
    }

    @Test func `a query needs as many names as it has columns`() throws {
        let trio = try Trio("CREATE TABLE t (a int, b int)")
        for columns in ["a", "a,b,a"] {
            let result = try transfer(
                "--query=SELECT 1, 2", "--columns", columns, trio.source.conninfo, trio.first.at())
            #expect(result.code == 2, "\(result)")
            #expect(result.errors.contains("the query gives 2 columns, --columns names"), "\(result)")
        }
        let wrong = try transfer("--query=SELECT 1, 2", "--columns=a,c", trio.source.conninfo, trio.first.at())
        #expect(wrong.code == 1 && wrong.errors.contains("has no column \"c\""), "\(wrong)")
        try trio.expectNothingCommitted("")
    }
}
