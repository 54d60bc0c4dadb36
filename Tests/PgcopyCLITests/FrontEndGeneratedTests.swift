// Committed files follow from the table, and the programs that read them accept them.

import TestKit
import Testing

@testable import PgcopyCLI

@Suite("Front end: generated files")
struct FrontEndGeneratedTests {
    @Test(arguments: GeneratedFile.all.map(\.path))
    func `every committed file is what the table makes`(_ path: String) throws {
        let file = try #require(GeneratedFile.all.first { $0.path == path })
        let committed = String(decoding: try readFile(repository + "/" + path), as: UTF8.self)
        #expect(file.contents.count > 500 && file.contents.contains("do not edit"))
        // Compared beforehand, so that the failure does not print both.
        let isFresh = committed == file.contents
        #expect(isFresh, "\(path) is stale: run `make docs` and commit what it wrote")
    }

    @Test(arguments: ["man", "completions"])
    func `nothing else lies beside them`(_ folder: String) throws {
        let present = try entryNames(repository + "/" + folder)
        // The schema of records is written by hand; every record of the tests is held against it.
        let schema = "man/" + (SharedText.recordSchema.split(separator: "/").last ?? "")
        let expected = (GeneratedFile.all.map(\.path) + [schema]).filter { $0.hasPrefix(folder + "/") }
        #expect(Set(present.map { "\(folder)/\($0)" }) == Set(expected))
    }

    @Test(arguments: GeneratedFile.all.map(\.path).filter { $0.hasSuffix(".1") })
    func `formatters take the man pages without a warning`(_ path: String) throws {
        let file = try #require(GeneratedFile.all.first { $0.path == path })
        let folder = try TemporaryDirectory()
        let page = try folder.write(file.contents.utf8, to: "page.1")
        let groff = try runTool("groff", ["-man", "-ww", "-z", "-Tutf8", page])
        #expect(groff.errors == "" && groff.code == 0)
        let mandoc = try runTool("mandoc", ["-T", "lint", "-W", "warning", page])
        #expect(mandoc.output == "" && mandoc.errors == "" && mandoc.code == 0)
    }

    @Test func `the page of transfer, read, has every option and nothing of the source's marks`() throws {
        let folder = try TemporaryDirectory()
        let page = try folder.write(ManPage.command(.transfer).utf8, to: "page.1")
        let text = try runTool("mandoc", ["-T", "ascii", "-O", "width=78", page]).output
        let plain = text.replacing(/.\u{8}/, with: "")
        for option in CommandSpec.transfer.options {
            #expect(plain.contains("\n       \(option.allSpellings)\n"), "\(option.long)")
        }
        #expect(plain.contains("null (default") == false && plain.contains("(default: \\N, in csv nothing)"))
        #expect(plain.contains("'\"Odd Name\"'") || plain.contains("'\"Odd\n              Name\"'"))
        #expect(!plain.contains("`") && !plain.contains("\\f"))
    }
}
