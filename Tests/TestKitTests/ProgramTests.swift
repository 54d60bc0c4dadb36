// Programs run, are fed, watched, signalled and killed.

import Glibc
import TestKit
import Testing

@Suite struct ProgramTests {
    /// A shell script as a program.
    private func shell(_ script: String) -> Program { Program("sh", ["-c", script]) }

    @Test func `the exit status and what is written are captured`() throws {
        let result = try shell("echo out; echo err >&2; exit 7").run()
        #expect(result.status == .exited(7))
        #expect(result.output == "out\n")
        #expect(result.errors == "err\n")
        #expect(throws: KitError.self) { try result.expecting(0) }
    }

    @Test func `a program that a signal ended is told as such`() throws {
        #expect(try shell("kill -TERM $$").run().status == .signalled(SIGTERM))
    }

    @Test func `a program gets a clean environment`() throws {
        let result = try Program("env").run()
        let names = result.output.split(separator: "\n").map { $0.prefix { $0 != "=" } }.sorted()
        #expect(names == ["LC_ALL", "PATH"])
    }

    @Test func `arguments may be any bytes`() throws {
        let bytes: [UInt8] = [0x61, 0xFF, 0xFE, 0x62]
        #expect(try Program("printf", ["%s"]).adding(rawArgument: bytes).run().standardOutput == bytes)
    }

    @Test func `input comes from bytes, a file, or a pipe`() throws {
        let big = [UInt8](repeating: 0x61, count: 3_000_000)
        #expect(try Program("cat").with { $0.input = .bytes(big) }.run().standardOutput == big)
        let directory = try TemporaryDirectory()
        let file = try directory.write("abc".utf8, to: "f")
        #expect(try Program("cat").with { $0.input = .file(file) }.run().output == "abc")
        let cat = try Program("cat").with { $0.input = .pipe }.start()
        cat.write("one\n")
        try cat.waitForOutput(containing: "one\n", on: .output)
        cat.write("two\n")
        cat.closeInput()
        #expect(try cat.wait().output == "one\ntwo\n")
    }

    @Test func `a program need not read its input`() throws {
        let big = [UInt8](repeating: 0x61, count: 3_000_000)
        #expect(try shell("exit 3").with { $0.input = .bytes(big) }.run().code == 3)
    }

    @Test func `a running program is watched and interrupted`() throws {
        let running = try shell("trap 'echo caught >&2; exit 130' INT; echo ready >&2; while :; do sleep 0.01; done")
            .start()
        try running.waitForOutput(containing: "ready")
        #expect(!running.hasEnded)
        running.signal(SIGINT)
        try running.waitForOutput(containing: "caught")
        #expect(try running.wait().code == 130)
        running.signal(SIGINT)
    }

    @Test func `a wait for output that never comes ends with the program, and throws what came`() throws {
        let running = try shell("echo something >&2").start()
        let error = #expect(throws: KitError.self) { try running.waitForOutput(containing: "else") }
        #expect(error?.description.contains("something") == true)
    }

    @Test func `a timeout kills the whole group and shows what it wrote`() throws {
        // One that the shell waits for, and one that holds none of its pipes.
        let running = try shell("sleep 600 > /dev/null 2>&1 & echo \"started $!\"; sleep 600")
            .with { $0.timeout = .seconds(1) }.start()
        try running.waitForOutput(containing: "\n", on: .output)
        let child = try #require(running.text(.output).split(separator: " ").last.flatMap { Int32($0.dropLast()) })
        defer { if isRunning(child) { kill(child, SIGKILL) } }
        let error = #expect(throws: KitError.self) { try running.wait() }
        #expect(error?.description.contains("started \(child)") == true)
        #expect(error?.description.contains("killed after") == true)
        try eventually("the shell and its child are gone") { !isRunning(running.pid) && !isRunning(child) }
    }

    @Test func `output is not read while it is paused`() throws {
        let script = "read go; head -c 1000 /dev/zero; echo half >&2; head -c 999000 /dev/zero"
        let running = try shell(script).with { $0.input = .pipe }.start()
        running.pauseOutput()
        running.write("\n")
        try running.waitForOutput(containing: "half")
        #expect(running.text(.output).isEmpty)
        running.resumeOutput()
        #expect(try running.wait().standardOutput.count == 1_000_000)
    }

    @Test func `output that is closed is a broken pipe to the program`() throws {
        let running = try Program("cat", ["/dev/zero"]).start()
        running.closeOutput()
        #expect(try running.wait().status == .signalled(SIGPIPE))
    }

    @Test func `memory and time are measured`() throws {
        let script = "$s = 'x' x 200_000_000; $i++ while $i < 2_000_000"
        let result = try Program("perl", ["-e", script]).run()
        #expect((190_000_000..<600_000_000).contains(result.peakMemory), "\(result.peakMemory)")
        #expect(result.userTime > .milliseconds(10))
        #expect(result.userTime + result.systemTime <= result.duration + .milliseconds(50))
        let small = try shell("sleep 0.05").run()
        #expect((1..<20_000_000).contains(small.peakMemory), "\(small.peakMemory)")
    }

    @Test func `a password is asked for and typed on the terminal, and not echoed`() throws {
        let cluster = try Servers.tls
        let nobody = cluster.tcpConninfo(withPassword: false)
        let psql = try cluster.psqlProgram(["-Atc", "SELECT 40 + 2"], conninfo: nobody)
            .with { $0.terminal = .controlling }.start()
        try psql.waitForOutput(containing: "Password for user postgres: ", on: .screen)
        psql.type(Cluster.password + "\n")
        let result = try psql.wait()
        #expect(result.output == "42\n", "\(result)")
        #expect(!result.screenText.contains(Cluster.password), "the password is not echoed")
    }

    @Test func `the terminal can be any of the standard streams`() throws {
        let script = "for d in 0 1 2; do [ -t $d ] && echo $d; done"
        #expect(try shell(script).run().output == "")
        #expect(try shell(script).with { $0.terminal = [.errors] }.run().output == "2\n")
        #expect(try shell(script).with { $0.terminal = .all }.run().screenText == "0\r\n1\r\n2\r\n")
        #expect(try shell("stty size <&2").with { $0.terminal = [.errors] }.run().output == "24 80\n")
    }

    @Test func `the interrupt character, typed, interrupts the program`() throws {
        let running = try Program("cat").with { $0.terminal = .all }.start()
        running.type("echoed\n")
        try running.waitForOutput("the line twice", on: .screen) { $0.contains("echoed\r\nechoed\r\n") }
        running.type("\u{3}")
        #expect(try running.wait().status == .signalled(SIGINT))
    }

    @Test func `calls that block give their results to tasks`() async throws {
        try await withThrowingTaskGroup(of: Int32?.self) { group in
            for code in 0..<Int32(8) {
                group.addTask { try await blocking { try Program("sh", ["-c", "exit \(code)"]).run().code } }
            }
            var codes: Set<Int32?> = []
            for try await code in group { codes.insert(code) }
            #expect(codes.count == 8)
        }
    }

    @Test func `a program that was built is found, another is an error`() throws {
        #expect(try Program.product("pgcopy").hasSuffix("/pgcopy"))
        #expect(throws: KitError.self) { try Program.product("nosuch") }
    }
}
