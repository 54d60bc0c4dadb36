// Options of the format that could only change values on their way.

import TestKit
import Testing

@Suite struct HarmfulOptionTests {
    private func expectRefusal(_ arguments: [String], _ words: String) throws {
        let result = try transfer(arguments)
        #expect(result.code == 2, "\(result)")
        #expect(result.errors.contains(words), "\(result)")
    }

    @Test func `what shapes files is refused where there is none`() throws {
        let trio = try Trio("CREATE TABLE t (a text)", source: "INSERT INTO t VALUES (''), (NULL)")
        for option in ["--null=", "--null=x", "--null=\\N", "--header", "--delimiter=,"] {
            try expectRefusal(
                ["--format=text", option, trio.source.at(), trio.first.at(), trio.second.at(), "null:"],
                "\(option.prefix { $0 != "=" }) is for files and streams")
        }
        for option in ["--null=x", "--quote='", "--escape=x", "--header"] {
            try expectRefusal(["--format=csv", option, trio.source.at(), trio.first.at()], "is for files and streams")
        }
        try trio.expectNothingCommitted("")
        for format in ["text", "csv", "binary"] {
            #expect(try transfer("--truncate", "--format", format, trio.source.at(), trio.first.at()).code == 0)
            #expect(try trio.first.digest() == trio.source.digest())
        }
        #expect(try transfer("--null=x", trio.source.at(), "null:").code == 0)
    }

    @Test func `a mark for NULL that a value may look like is refused where a server reads what a server wrote`() throws
    {
        let trio = try Trio(
            "CREATE TABLE t (a text, b text)",
            source: #"INSERT INTO t VALUES ('', NULL), ('none', '\N'), (NULL, '\\N'), (E'\n', E'\t'), ('n', '\n')"#)
        let directory = try TemporaryDirectory()
        let file = directory.file("rows")
        for null in ["", "none", "NULL", "\\n", "\\\\N"] {
            try expectRefusal(
                ["--null", null, trio.source.at(), file, trio.first.at()], "would take it for NULL")
            #expect(try transfer("--null", null, trio.source.at(), file).code == 0)
        }
        try trio.expectNothingCommitted("")
        for options in [
            ["--null=\\N"], ["--null=\\X"], ["--null=a\\Nb"], ["--format=csv", "--null="],
            ["--format=csv", "--null=none"],
            ["--delimiter=|", "--header"],
        ] {
            let result = try transfer(["--truncate"] + options + [trio.source.at(), file, trio.first.at()])
            #expect(result.code == 0, "\(result)")
            #expect(try trio.first.digest() == trio.source.digest(), "\(options)")
            let back = try transfer(["--truncate"] + options + [file, trio.second.at()])
            #expect(back.code == 0, "\(back)")
            #expect(try trio.second.digest() == trio.source.digest(), "\(options)")
        }
    }

    @Test func `what would end the data, and what no server knows, is refused at once`() throws {
        try expectRefusal(["--null=\\.", "a#t", "b"], "option --null: \"\\.\" could make the end-of-data marker")
        try expectRefusal(
            ["--format=csv", "--null=\\.", "a#t", "./b"], "option --null: \"\\.\" could make the end-of-data marker")
        try expectRefusal(
            ["--format=csv", "--delimiter=.", "a#t", "./b"],
            "option --delimiter: \".\" could make the end-of-data marker")
        try expectRefusal(["--encoding=LATIN77", "a#t", "./b"], "knows no encoding \"LATIN77\"")
        try expectRefusal(
            ["--header=skip", "a#t", "./b"], "--header=skip skips a line of a file or stream; a#t is neither")
        try expectRefusal(
            ["--expect-rows=many", "a#t", "./b"], "option --expect-rows: \"many\" is not a number of rows")
    }
}
