// Every run that asks for records is held against what they promise, unasked.

import TestKit
import Testing

@Suite struct RecordCheckTests {
    private static let summary =
        #"{"schema_version":2,"type":"summary","time":"2026-11-28T18:13:21.007Z","run":"0123456789abcdef","exit_code":0,"#
        + #""signal":null,"error":null,"error_endpoint":null,"source":null,"rows":0,"bytes":0,"seconds":0,"copy_seconds":0,"#
        + #""destinations":[],"tables":[]}"#

    /// A program called pgcopy that writes a text to its stderr.
    private func run(_ text: String, _ arguments: [String], code: Int = 0) throws {
        let folder = try TemporaryDirectory()
        let text = try folder.write(text.utf8, to: "text")
        let path = try folder.write("#!/bin/sh\ncat '\(text)' >&2; exit \(code)\n".utf8, to: "pgcopy")
        try Program("chmod", ["+x", path]).run().expecting(0)
        _ = try Program(path, arguments).run()
    }

    @Test func `a run that keeps its promise passes, and one that promised nothing`() throws {
        try run(Self.summary + "\n", ["transfer", "--progress=json", "a", "b"])
        try run("no\n", ["transfer", "--progress=plain"])
        try run("no\n", ["transfer", "--", "--progress=json"])
        try run("", ["transfer", "--progress=json", "--help"])
        try run("no\n", ["exec", "--progress=json"])
    }

    @Test(arguments: [
        "", "no\n", "no\n" + summary + "\n", summary, summary + "\n" + summary + "\n", summary + "\nno\n",
        summary.replacing(#""source":null,"#, with: "") + "\n",
        summary.replacing(#""rows":0,"#, with: #""rows":-1,"#) + "\n",
        summary.replacing(#""exit_code":0,"#, with: #""exit_code":1,"#) + "\n",
    ]) func `a run that does not fails its test`(text: String) {
        for words in [["--progress=json"], ["--progress", "json"]] {
            #expect(throws: KitError.self) { try run(text, ["transfer", "a"] + words) }
        }
    }
}
