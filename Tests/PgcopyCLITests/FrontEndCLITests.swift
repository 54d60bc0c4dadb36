// From arguments to an exit code, over real descriptors.

import CopyCore
import Glibc
import TestKit
import Testing

@testable import PgcopyCLI

@Suite("Front end: dispatch")
struct FrontEndCLITests {
    /// Runs the program on files; returns what it wrote and its exit code.
    private func run(_ words: [String], transfer: @escaping (TransferOptions) -> Int32 = { _ in 77 }) throws -> (
        output: String, errors: String, code: Int32
    ) {
        let folder = try TemporaryDirectory()
        let output = try opened(folder.file("out"))
        let errors = try opened(folder.file("err"))
        defer { for stream in [output, errors] { close(stream.descriptor) } }
        let code = CLI(output: output, error: errors, transfer: transfer).run(arguments(words))
        return (try folder.text(of: "out"), try folder.text(of: "err"), code)
    }

    /// A file to write to; the caller closes it.
    private func opened(_ path: String) throws -> TextOutput {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0)
        return TextOutput(blocking: descriptor)
    }

    @Test func `the version and the help go to stdout`() throws {
        #expect(try run(["--version"]) == ("pgcopy 0.1.0\n", "", 0))
        #expect(try run(["transfer", "-V"]) == ("pgcopy 0.1.0\n", "", 0))
        let help = HelpText.command(.transfer, width: 80)
        for words in [
            ["transfer", "--help"], ["help", "transfer"], ["--help", "transfer"], ["transfer", "--no", "-?"],
        ] {
            #expect(try run(words) == (help, "", 0))
        }
        for words in [["--help"], ["help"], ["-h"]] {
            #expect(try run(words) == (HelpText.overview(width: 80), "", 0))
        }
    }

    @Test(arguments: Shell.allCases)
    func `completions go to stdout`(_ shell: Shell) throws {
        #expect(try run(["completions", shell.rawValue]) == (CompletionScript.text(for: shell), "", 0))
    }

    @Test(arguments: [["--no"], [], ["transfer"], ["transfer", "--timeout=x", "a", "b"]])
    func `a usage error goes to stderr and exits 2`(_ words: [String]) throws {
        let result = try run(words)
        #expect(result.code == 2 && result.output == "")
        #expect(result.errors.hasPrefix("pgcopy: ") && result.errors.contains("\nTry \"pgcopy "))
    }

    @Test func `a transfer gets its options and gives the exit code`() throws {
        let result = try run(["transfer", "-q", "a", "b"]) { options in
            options.verbosity == .quiet && options.source == Argument("a") ? 42 : 1
        }
        #expect(result == ("", "", 42))
    }

    @Test func `a full disk is said, a reader that left is not`() throws {
        let folder = try TemporaryDirectory()
        let errors = try opened(folder.file("err"))
        let full = try opened("/dev/full")
        defer { for stream in [errors, full] { close(stream.descriptor) } }
        #expect(CLI(output: full, error: errors).run(arguments(["--help"])) == 1)
        let message = try folder.text(of: "err")
        #expect(message == "pgcopy: could not write to stdout: No space left on device\n")

        signal(SIGPIPE, SIG_IGN)
        let pipe = try makePipe()
        close(pipe.reading)
        defer { close(pipe.writing) }
        #expect(CLI(output: TextOutput(blocking: pipe.writing), error: errors).run(arguments(["--help"])) == 1)
        #expect(try folder.text(of: "err") == message)
    }

    @Test func `the process's own arguments are read without its name`() {
        #expect(Argument.ofProcess.map(\.text) == Array(CommandLine.arguments.dropFirst()))
    }
}
