// Committed files follow from the table, and the programs that read them accept them.

import Foundation
import Testing

@testable import PgcopyCLI

@Suite("Front end: generated files")
struct FrontEndGeneratedTests {
    @Test("Every committed file is what the table makes", arguments: GeneratedFile.all.map(\.path))
    func fresh(_ path: String) throws {
        let file = try #require(GeneratedFile.all.first { $0.path == path })
        let committed = try? String(contentsOf: repository.appendingPathComponent(path), encoding: .utf8)
        #expect(file.contents.count > 500 && file.contents.contains("do not edit"))
        // Compared beforehand, so that the failure does not print both.
        let isFresh = committed == file.contents
        #expect(isFresh, "\(path) is stale: run `make docs` and commit what it wrote")
    }

    @Test("Nothing else lies beside them", arguments: ["man", "completions"])
    func nothingElse(_ folder: String) throws {
        let present = try FileManager.default.contentsOfDirectory(
            atPath: repository.appendingPathComponent(folder).path
        )
        let expected = GeneratedFile.all.map(\.path).filter { $0.hasPrefix(folder + "/") }
        #expect(Set(present.map { "\(folder)/\($0)" }) == Set(expected))
    }

    @Test(
        "Formatters take the man pages without a warning",
        arguments: GeneratedFile.all.map(\.path).filter { $0.hasSuffix(".1") })
    func pages(_ path: String) throws {
        let file = try #require(GeneratedFile.all.first { $0.path == path })
        let folder = try TemporaryFolder()
        let page = try folder.write(file.contents, to: "page.1")
        let groff = try Tool(name: "groff").run(["-man", "-ww", "-z", "-Tutf8", page])
        #expect(groff.errors == "" && groff.status == 0)
        let mandoc = try Tool(name: "mandoc").run(["-T", "lint", "-W", "warning", page])
        #expect(mandoc.output == "" && mandoc.errors == "" && mandoc.status == 0)
    }

    @Test("The page of transfer, read, has every option and nothing of the source's marks")
    func content() throws {
        let folder = try TemporaryFolder()
        let page = try folder.write(ManPage.command(.transfer), to: "page.1")
        let text = try Tool(name: "mandoc").run(["-T", "ascii", "-O", "width=78", page]).output
        let plain = text.replacing(/.\u{8}/, with: "")
        for option in CommandSpec.transfer.options {
            #expect(plain.contains("\n       \(option.allSpellings)\n"), "\(option.long)")
        }
        #expect(plain.contains("null (default") == false && plain.contains("(default: \\N, in csv nothing)"))
        #expect(plain.contains("'\"Odd Name\"'") || plain.contains("'\"Odd\n              Name\"'"))
        #expect(!plain.contains("`") && !plain.contains("\\f"))
    }
}
