// From arguments to an exit code, over real descriptors.

import Foundation
import Testing

@testable import PgcopyCLI

@Suite("Front end: dispatch")
struct FrontEndCLITests {
    /// Runs the program on files; returns what it wrote and its exit code.
    private func run(_ words: [String], transfer: @escaping (TransferOptions) -> Int32 = { _ in 77 }) throws -> (
        output: String, errors: String, code: Int32
    ) {
        let folder = try TemporaryFolder()
        for name in ["out", "err"] { try folder.write("", to: name) }
        let output = try FileHandle(forWritingTo: folder.url("out"))
        let errors = try FileHandle(forWritingTo: folder.url("err"))
        let program = CLI(
            output: StandardStream(descriptor: output.fileDescriptor),
            error: StandardStream(descriptor: errors.fileDescriptor),
            transfer: transfer
        )
        let code = program.run(arguments(words))
        return (
            try String(contentsOf: folder.url("out"), encoding: .utf8),
            try String(contentsOf: folder.url("err"), encoding: .utf8), code
        )
    }

    @Test("Version and help go to stdout")
    func information() throws {
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

    @Test("Completions go to stdout", arguments: Shell.allCases)
    func completions(_ shell: Shell) throws {
        #expect(try run(["completions", shell.rawValue]) == (CompletionScript.text(for: shell), "", 0))
    }

    @Test(
        "A usage error goes to stderr and exits 2",
        arguments: [["--no"], [], ["transfer"], ["transfer", "--timeout=x", "a", "b"]])
    func usage(_ words: [String]) throws {
        let result = try run(words)
        #expect(result.code == 2 && result.output == "")
        #expect(result.errors.hasPrefix("pgcopy: ") && result.errors.contains("\nTry \"pgcopy "))
    }

    @Test("A transfer gets its options and gives the exit code")
    func transferRuns() throws {
        let result = try run(["transfer", "-q", "a", "b"]) { options in
            options.verbosity == .quiet && options.source == Argument("a") ? 42 : 1
        }
        #expect(result == ("", "", 42))
    }

    @Test("A full disk is said, a reader that left is not")
    func failingOutput() throws {
        let folder = try TemporaryFolder()
        try folder.write("", to: "err")
        let errors = try FileHandle(forWritingTo: folder.url("err"))
        let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
        let program = CLI(
            output: StandardStream(descriptor: full.fileDescriptor),
            error: StandardStream(descriptor: errors.fileDescriptor)
        )
        #expect(program.run(arguments(["--help"])) == 1)
        let message = try String(contentsOf: folder.url("err"), encoding: .utf8)
        #expect(message == "pgcopy: could not write to stdout: No space left on device\n")

        signal(SIGPIPE, SIG_IGN)
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        let writing = StandardStream(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        #expect(writing.write("lost\n") == .closed)
        let quiet = CLI(output: writing, error: StandardStream(descriptor: errors.fileDescriptor))
        #expect(quiet.run(arguments(["--help"])) == 1)
        #expect(try String(contentsOf: folder.url("err"), encoding: .utf8) == message)
    }

    @Test("The process's own arguments, without its name")
    func process() {
        #expect(Argument.ofProcess.map(\.text) == Array(CommandLine.arguments.dropFirst()))
    }
}
