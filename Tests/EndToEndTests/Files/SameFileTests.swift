// One file as the source and as a destination, or as two destinations: refused as cat refuses it.

import Glibc
import TestKit
import Testing

@Suite struct SameFileTests {
    /// Runs `pgcopy transfer` (as `$P`) by a shell, in a directory with the file `f`, a hard link `hard` to it and a
    /// symbolic one, `soft`.
    private func run(_ line: String) throws -> (result: ProgramResult, directory: TemporaryDirectory) {
        let directory = try TemporaryDirectory()
        try directory.write("1\tx\n".utf8, to: "f")
        try #require(link(directory.file("f"), directory.file("hard")) == 0)
        try #require(symlink("f", directory.file("soft")) == 0)
        let program = try Program("sh", ["-c", line]).with {
            $0.directory = directory.path
            $0.timeout = .seconds(20)
        }.adding(environment: ["P": Program.pgcopyPath() + " transfer"])
        return (try program.run(), directory)
    }

    @Test(arguments: [
        "$P ./f - >>f", "$P ./f - 1<>f", "$P ./hard - >>f", "$P ./soft - >>f", "$P - - <f >>f", "$P - ./f <f",
        "$P /dev/stdin ./hard <f", "$P /dev/fd/0 ./soft <f", "$P ./f file:f", "$P ./f /proc/self/fd/1 >>f",
        "$P ./f /dev/stdout >>soft", "$P /dev/fd/7 /dev/fd/8 7<f 8>>hard", "$P ./f null: - >>f",
        "$P --keep-going ./f null: - >>f",
    ])
    func `the source itself is no destination`(line: String) throws {
        let (result, directory) = try run(line)
        #expect(result.code == 2, "\(result)")
        #expect(result.errors.contains("is the source itself: input file is output file"), "\(result)")
        #expect(try directory.text(of: "f") == "1\tx\n")
        #expect(try directory.entries() == ["f", "hard", "soft"])
    }

    /// It would read for ever what it writes.
    @Test func `a pipe that is the source is no destination`() throws {
        let (result, _) = try run("mkfifo p; $P - ./p 0<>p")
        #expect(result.code == 2 && result.errors.contains("is the source itself"), "\(result)")
    }

    @Test(arguments: [
        "$P null: ./out - >out", "$P null: - ./out >out", "$P null: /dev/stdout ./out >out", "$P null: ./f ./hard",
        "$P null: /dev/stdout - >out", "$P null: ./f /dev/fd/5 5>>soft", "mkfifo p; $P null: ./p ./p",
        "$P null: /dev/stdout -", "mkfifo p; $P null: ./p /dev/fd/5 5<>p",
    ])
    func `one file is not two destinations`(line: String) throws {
        let (result, directory) = try run(line)
        #expect(result.code == 2, "\(result)")
        #expect(result.errors.contains("is the same file as"), "\(result)")
        #expect(try directory.text(of: "f") == "1\tx\n")
    }

    @Test(arguments: [
        ("$P ./f - >out && cat out", "1\tx\n"), ("$P - ./out <f && cat out", "1\tx\n"),
        // What is there stays: the caller's descriptor is written, not the file anew.
        ("echo 0 >out; $P ./f /dev/stdout >>out && cat out", "0\n1\tx\n"),
        ("{ echo 0; $P ./f /dev/fd/1; echo 2; } >out && cat out", "0\n1\tx\n2\n"),
        ("$P ./f /dev/fd/5 5>out && cat out", "1\tx\n"), ("$P ./f - </dev/null", "1\tx\n"),
        ("$P ./f - ./copy >/dev/null && cat copy", "1\tx\n"), ("$P ./f /dev/stdout | cat", "1\tx\n"),
    ])
    func `files and descriptors that are not the same are taken`(line: String, output: String) throws {
        let (result, _) = try run(line)
        #expect(result.code == 0 && result.output == output, "\(result)")
    }

    @Test func `a descriptor that nobody gave is none`() throws {
        for number in 3...12 {
            let (result, _) = try run("$P ./f /dev/fd/\(number) 1>&2")
            #expect(result.code == 1 && result.errors.contains("Bad file descriptor"), "\(result)")
        }
    }
}

extension Program {
    /// The same with variables more.
    func adding(environment: [String: String]) -> Program {
        with { $0.environment.merge(environment) { _, new in new } }
    }
}
