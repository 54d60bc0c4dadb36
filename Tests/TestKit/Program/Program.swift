// Role: a program to run, told as a value: what, with which arguments, environment and input.

import Glibc

/// A program and how to run it.
///
///     let result = try Program.pgcopy("transfer", source, destination).run()
///     #expect(result.status == .exited(0), "\(result)")
///
/// Change the fields before `run()` or `start()`; the value itself can be used again.
public struct Program: Sendable {
    /// What the program reads on stdin.
    public enum Input: Sendable {
        /// /dev/null.
        case none
        /// These bytes, then the end.
        case bytes([UInt8])
        /// A file.
        case file(String)
        /// A pipe: `RunningProgram.write(_:)` and `closeInput()` feed it.
        case pipe
    }

    /// Which of the standard streams are a terminal. In each case the terminal controls the program's
    /// session, so /dev/tty opens it.
    public struct Terminal: OptionSet, Sendable {
        /// The bits.
        public let rawValue: Int
        /// From the bits.
        public init(rawValue: Int) { self.rawValue = rawValue }
        /// stdin is the terminal.
        public static let input = Terminal(rawValue: 1)
        /// stdout is the terminal.
        public static let output = Terminal(rawValue: 2)
        /// stderr is the terminal.
        public static let errors = Terminal(rawValue: 4)
        /// A shell's usual case.
        public static let all: Terminal = [.input, .output, .errors]
        /// Only /dev/tty.
        public static let controlling: Terminal = []
    }

    /// Its path, or a name to be found in PATH.
    public var executable: String
    /// The arguments after the name, as raw bytes: they need not be UTF-8.
    public var rawArguments: [[UInt8]]
    /// The whole environment. It starts with PATH and LC_ALL=C, so no PG variable of the caller leaks in.
    public var environment: [String: String]
    /// Where it starts; nil: where the tests run.
    public var directory: String?
    /// Its stdin.
    public var input: Input = .none
    /// When not nil, it gets a terminal.
    public var terminal: Terminal?
    /// Its size.
    public var terminalSize = (columns: 80, rows: 24)
    /// It is killed with its process group when it runs longer.
    public var timeout: Duration = .seconds(60)

    /// A program by its path or its name in PATH.
    public init(_ executable: String, _ arguments: [String] = []) {
        self.executable = executable
        rawArguments = arguments.map { Array($0.utf8) }
        environment = ["PATH": environmentVariable("PATH") ?? "/usr/bin:/bin", "LC_ALL": "C"]
    }

    /// The `pgcopy` that was built with these tests; PGCOPY_PROGRAM names another.
    public static func pgcopy(_ arguments: String...) throws -> Program { try pgcopy(arguments) }

    /// The `pgcopy` that was built with these tests; PGCOPY_PROGRAM names another.
    public static func pgcopy(_ arguments: [String]) throws -> Program { Program(try pgcopyPath(), arguments) }

    /// Where the built `pgcopy` is.
    public static func pgcopyPath() throws -> String {
        try environmentVariable("PGCOPY_PROGRAM") ?? product("pgcopy")
    }

    /// Where `make build` leaves the release, for what only an optimized program shows.
    public static func releasePath() throws -> String {
        let path = try product("pgcopy").replacing("/debug/pgcopy", with: "/release/pgcopy")
        guard access(path, X_OK) == 0 else { throw KitError("no program \(path): run `make build` first") }
        return path
    }

    /// The path of an executable of this package: beside the test program, in the build products directory.
    public static func product(_ name: String) throws -> String {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes {
            readlink("/proc/self/exe", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
        }
        let tests = String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
        let path = String(tests[..<(tests.lastIndex(of: "/") ?? tests.startIndex)]) + "/" + name
        guard access(path, X_OK) == 0 else {
            throw KitError("no program \(path): run `swift build` first, or name pgcopy in PGCOPY_PROGRAM")
        }
        return path
    }

    /// The same with an argument more, given as bytes.
    public func adding(rawArgument: [UInt8]) -> Program {
        var program = self
        program.rawArguments.append(rawArgument)
        return program
    }

    /// The same with changes: `program.with { $0.input = .file(path) }`.
    public func with(_ change: (inout Program) -> Void) -> Program {
        var program = self
        change(&program)
        return program
    }

    /// Runs it to its end. Throws, with all it wrote, when it had to be killed for its time.
    public func run() throws -> ProgramResult { try start().wait() }

    /// Starts it.
    public func start() throws -> RunningProgram { try RunningProgram(self) }

    /// The command as a person would type it.
    var command: String {
        ([Array(executable.utf8)] + rawArguments).map { shellQuoted(String(decoding: $0, as: UTF8.self)) }
            .joined(separator: " ")
    }
}
