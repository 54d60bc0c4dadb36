// A source that ends early is never taken for complete.

import TestKit
import Testing

@Suite struct InputEndTests {
    /// Runs a transfer that reads this from stdin.
    private func feed(_ input: [UInt8], _ arguments: String...) throws -> ProgramResult {
        try transfer(arguments) { $0.input = .bytes(input) }
    }

    private func feed(_ input: String, _ arguments: [String]) throws -> ProgramResult {
        try transfer(arguments) { $0.input = .bytes(Array(input.utf8)) }
    }

    /// A table at two servers and a file with something in it already.
    private struct Stage {
        let duo: Trio
        let directory: TemporaryDirectory
        let file: String

        init(_ schema: String) throws {
            duo = try Trio(schema)
            directory = try TemporaryDirectory()
            file = try directory.write("old\n".utf8, to: "out")
        }

        func expectUntouched(_ comment: String) throws {
            try duo.expectNothingCommitted("\(comment)")
            #expect(try directory.text(of: "out") == "old\n", "\(comment)")
            #expect(try directory.entries() == ["out"], "\(comment)")
        }
    }

    @Test(arguments: ["text", "csv"])
    func `a stream that is cut in a row commits nothing anywhere`(format: String) throws {
        let stage = try Stage("CREATE TABLE t (a int, b text)")
        let separator = format == "csv" ? "," : "\t"
        let stream = Array((1...60).map { "\($0)\(separator)\"value \($0)\"\n" }.joined().utf8)
        for count in [1, 2, 18, stream.count / 2, stream.count - 1] where stream[count - 1] != 10 {
            let result = try feed(
                Array(stream[..<count]), "--format", format, "-", stage.duo.first.at(), stage.file,
                stage.duo.second.at())
            let row = stream[..<count].count { $0 == 10 } + 1
            #expect(result.code == 1, "\(result)")
            #expect(
                result.errors.contains("pgcopy: -: the data ends inside row \(row): cut off? nothing was committed\n"),
                "\(result)")
            try stage.expectUntouched("\(count)")
        }
        let result = try feed(stream, "--format", format, "-", stage.duo.first.at(), stage.file)
        #expect(result.code == 0, "\(result)")
        #expect(try stage.duo.first.count() == 60)
    }

    @Test func `a compressed file that is cut commits nothing`() throws {
        let stage = try Stage("CREATE TABLE t (id text, filler text)")
        try stage.duo.source.sql(Trio.fill(300))
        let script = #""$0" transfer "$1" - | gzip -c | zcat | head -c 5050 | "$0" transfer - "$2""#
        let result = try Program(
            "sh", ["-c", script, try Program.pgcopyPath(), stage.duo.source.at(), stage.duo.first.at()]
        ).run()
        #expect(result.code == 1, "\(result)")
        #expect(result.errors.contains("-: the data ends inside row 51: cut off?"), "\(result)")
        #expect(result.errors.contains("--allow-unterminated"), "\(result)")
        try stage.expectUntouched("")
    }

    @Test(arguments: ["text", "csv"])
    func `a last line without its line end is a row where that is allowed`(format: String) throws {
        let stage = try Stage("CREATE TABLE t (a text)")
        let ends = ["--allow-unterminated", "--format", format, "-", stage.duo.first.at(), "null:"]
        let result = try feed("1\n2\n3", ends)
        #expect(result.code == 0, "\(result)")
        #expect(result.errors.contains("null: discarded, 3 rows"), "\(result)")
        #expect(try stage.duo.first.count() == 3)
        let inside = try feed(format == "csv" ? "1\n\"2\n" : "1\n2\\", ends)
        #expect(inside.code == 1, "\(inside)")
        #expect(inside.errors.contains("the data ends inside row 2: cut off?"), "\(inside)")
        #expect(try stage.duo.first.count() == 3)
    }

    @Test func `nothing follows the end of the data`() throws {
        let stage = try Stage("CREATE TABLE t (a text)")
        let two = try Stage("CREATE TABLE t (a text, b text)")
        for (stage, input, format, words) in [
            (stage, "1\n\\.\n2\n", "text", "there is data behind the end-of-data marker \\., which follows row 1"),
            (stage, "1\r\n\\.\r\n2\r\n", "text", "there is data behind"),
            (stage, "1\nx\\.\n2\n", "text", "row 2: the end-of-data marker \\. is not alone on its line"),
            (stage, "1\n\\.", "text", "the data ends inside its end marker"),
            (stage, "1\n\\.\n2\n", "csv", "there is data behind"),
            (two, "1,2\n\\.\n3,4\n", "csv", "there is data behind"),
            (stage, "1\n\\.\n", "csv", "row 2 is \\. alone"),
        ] {
            let result = try feed(
                input, ["--format", format, "-", stage.file, stage.duo.first.at(), stage.duo.second.at()])
            #expect(result.code == 1, "\(result)")
            #expect(result.errors.contains("pgcopy: -: " + words), "\(result)")
            try stage.expectUntouched(input)
        }
        for (stage, input, format, value) in [
            (stage, "1\n\\.\n", "text", "1"), (stage, "1\n\\.\n\n\n", "text", "1"),
            (stage, "1\r\n\\.\r\n\r\n", "text", "1"), (stage, "1\r\\.\r", "text", "1"),
            (two, "1,2\n\\.\n", "csv", "1|2"), (two, "1,2\n\\.\n\n", "csv", "1|2"),
            (stage, "\"\\.\"\n", "csv", "\\."), (stage, "\\.x\n", "csv", "\\.x"),
        ] {
            let result = try feed(input, ["--truncate", "--format", format, "-", stage.file, stage.duo.first.at()])
            #expect(result.code == 0, "\(input.debugDescription): \(result)")
            #expect(try stage.duo.first.sql("TABLE t") == value, "\(input.debugDescription)")
            #expect(
                result.errors.contains("\(stage.file): written, 1 rows")
                    || result.errors.contains("\(stage.file): written, 1 row,"), "\(result)")
        }
    }

    @Test(arguments: Seeded.seeds(40))
    func `servers and files get the same rows of whatever bytes, or none`(seed: UInt64) throws {
        var random = Seeded(seed)
        let format = ["text", "csv"].randomElement(using: &random)!
        let alphabet = ["a\n", "a\\.\n", "\\.\n\n", "\"a\n", "\\.\"\n\r", "1\r\n", "\r"].randomElement(using: &random)!
        let input = (0..<Int.random(in: 1...12, using: &random)).map { _ in alphabet.utf8.randomElement(using: &random)!
        }
        let stage = try Self.shared.get()
        let file = stage.directory.file("seed \(seed)")
        let table = "t\(seed)"
        try stage.duo.first.sql("CREATE TABLE \(table) (a text)")
        let result = try feed(input + [10], "--format", format, "-", stage.duo.first.at(table), file)
        let rows = try stage.duo.first.count(table)
        if result.code == 0 {
            #expect(result.errors.contains("\(file): written, \(rows) row"), "\(input): \(result)")
            #expect(try stage.directory.contents(of: "seed \(seed)") == input + [10])
        } else {
            #expect(result.code == 1 && rows == 0, "\(input): \(result)")
            #expect(!stage.directory.exists("seed \(seed)"), "\(input)")
        }
    }

    private static let shared = Result { try Stage("") }

    @Test func `a csv value that looks like the end of the data goes there and back`() throws {
        let trio = try Trio(
            "CREATE TABLE t (a text)", source: #"INSERT INTO t VALUES ('1'), ('\.'), ('2'), (E'x\n\\.\ny')"#)
        let directory = try TemporaryDirectory()
        let file = directory.file("rows.csv")
        for options in [["--format=csv"], ["--format=csv", "--null=N"], ["--format=text"]] {
            #expect(try transfer(options + ["--truncate", trio.source.at(), file, trio.second.at()]).code == 0)
            #expect(try transfer(options + ["--truncate", file, trio.first.at()]).code == 0)
            #expect(try trio.first.digest() == trio.source.digest())
            #expect(try trio.second.digest() == trio.source.digest())
        }
    }

    @Test func `any other number of rows than the one that is expected is refused`() throws {
        let stage = try Stage("CREATE TABLE t (id text, filler text)")
        try stage.duo.source.sql(Trio.fill(20))
        let rows = stage.directory.file("rows")
        for format in ["text", "csv", "binary"] {
            let header = format == "csv" ? ["--header"] : []
            let out = try transfer(header + ["--format", format, "--expect-rows=20", stage.duo.source.at(), rows])
            #expect(out.code == 0, "\(out)")
            for source in [stage.duo.source.at(), rows] {
                let options = (source == rows ? header : []) + ["--format", format]
                for wrong in [0, 19, 21] {
                    let result = try transfer(
                        options + ["--expect-rows=\(wrong)", source, stage.duo.first.at(), stage.file])
                    #expect(result.code == 1, "\(result)")
                    #expect(
                        result.errors.contains(
                            "pgcopy: \(label(of: source)): 20 rows came, \(wrong) were expected; nothing was committed"),
                        "\(result)")
                    #expect(try stage.duo.first.count() == 0)
                    #expect(try stage.directory.text(of: "out") == "old\n")
                }
                let right = try transfer(options + ["--truncate", "--expect-rows=20", source, stage.duo.second.at()])
                #expect(right.code == 0, "\(right)")
                #expect(try stage.duo.second.count() == 20)
            }
        }
        let none = try feed([], "--expect-rows=1", "-", stage.duo.first.at())
        #expect(none.code == 1 && none.errors.contains("0 rows came, 1 were expected"), "\(none)")
        let dropped = try transfer(
            "--keep-going", "--expect-rows=19", stage.duo.source.at(), stage.duo.first.at(), "/dev/full")
        #expect(dropped.code == 1 && dropped.errors.contains("20 rows came, 19 were expected"), "\(dropped)")
        #expect(try stage.duo.first.count() == 0)
    }

    @Test func `what is compressed is named, and how to read it`() throws {
        let stage = try Stage("CREATE TABLE t (id text, filler text)")
        try stage.duo.source.sql(Trio.fill(20))
        #expect(try transfer(stage.duo.source.at(), stage.directory.file("rows")).code == 0)
        try Program("gzip", [stage.directory.file("rows")]).run().expecting(0)
        for options in [[], ["--format=csv"], ["--format=csv", "--header"], ["--format=binary"]] {
            let result = try transfer(options + [stage.directory.file("rows.gz"), stage.duo.first.at(), stage.file])
            #expect(result.code == 1, "\(result)")
            #expect(result.errors.contains("rows.gz: the data is compressed by gzip"), "\(result)")
            #expect(result.errors.contains("program:'zcat \(stage.directory.file("rows.gz"))' reads it"), "\(result)")
            try stage.duo.expectNothingCommitted("")
            #expect(try stage.directory.text(of: "out") == "old\n")
        }
        let zstd = try feed([0x28, 0xb5, 0x2f, 0xfd, 0x0a], "-", stage.duo.first.at())
        #expect(zstd.code == 1 && zstd.errors.contains("-: the data is compressed by zstd"), "\(zstd)")
        let binary = stage.directory.file("binary")
        #expect(try transfer("--format=binary", stage.duo.source.at(), binary).code == 0)
        let taken = try transfer(binary, stage.duo.first.at())
        #expect(taken.code == 1 && taken.errors.contains("--format=binary reads it"), "\(taken)")
    }

    @Test func `a program is told the same in JSON`() throws {
        let stage = try Stage("CREATE TABLE t (a text)")
        let result = try feed("1", ["--progress=json", "-", stage.duo.first.at()])
        #expect(result.code == 1, "\(result)")
        let summary = try JSONValue(parsing: String(#require(result.errors.split(separator: "\n").last)))
        #expect(
            summary["error"]?["message"]?.text == "the data ends inside row 1: cut off? nothing was committed",
            "\(result)")
        #expect(summary["error"]?["hint"]?.text?.hasPrefix("--allow-unterminated") ?? false, "\(result)")
    }
}
