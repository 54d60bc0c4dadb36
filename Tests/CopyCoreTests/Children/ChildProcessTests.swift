// Children: arguments, environment, pipes, and how they end.

import ErrorKit
import Glibc
import TestKit
import Testing

@testable import CopyCore

struct `A child` {
    private let poller = SystemPoller()

    init() { signal(SIGPIPE, SIG_IGN) }

    private func command(_ arguments: [UInt8]...) -> ChildProcess.Command { .init(arguments: arguments) }

    /// Runs it to its end and gives what it wrote.
    private func output(_ child: ChildProcess) throws -> [UInt8] {
        let descriptor = try #require(child.output)
        var all: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        let deadline = poller.now + 30
        while poller.now < deadline {
            let count = read(descriptor, &chunk, chunk.count)
            if count > 0 { all += chunk[..<count] }
            if count == 0 { break }
            if count < 0 { try poller.run([child], until: poller.now + 0.01) }
        }
        #expect(try poller.run([child], until: deadline))
        return all
    }

    @Test func `gets its arguments as they are, and is looked for in PATH`() throws {
        let odd: [[UInt8]] = [[0x61, 0xFF, 0x20], Array("$HOME `x` 'y' \"z\"".utf8), [], Array("a\nb".utf8)]
        let child = try ChildProcess(
            .init(arguments: [Array("printf".utf8), Array("%s|".utf8)] + odd), input: .inherited, output: .pipe,
            group: .own)
        let written = try output(child)
        #expect(written == odd.flatMap { $0 + [UInt8(ascii: "|")] })
        #expect(child.status == .exited(0))
    }

    @Test func `that is not there is told with its name`() throws {
        let error = try requireThrown(.system) {
            try ChildProcess(command(Array("no_such_program".utf8)), input: .inherited, group: .own)
        }
        #expect(error.errno == ENOENT && "\(error)".contains("no_such_program"))
    }

    @Test func `passes what it is given through its pipes, more than they hold`() throws {
        let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let fed = try ChildProcess(command(Array("cat".utf8)), input: .bytes(bytes), output: .pipe, group: .own)
        #expect(try output(fed) == bytes)
        #expect(fed.input == nil && fed.status == .exited(0))
        // Or by whoever holds its stdin.
        let piped = try ChildProcess(command(Array("cat".utf8)), input: .pipe, output: .pipe, group: .own)
        let input = try #require(piped.input)
        #expect(write(input, "abc", 3) == 3)
        #expect(try poller.run([piped], until: poller.now + 0.05) == false, "it waits for more")
        piped.closeInput()
        #expect(try output(piped) == Array("abc".utf8))
    }

    @Test func `that reads nothing, and whose output nobody reads, ends all the same`() throws {
        let deaf = try ChildProcess(
            command(Array("true".utf8)), input: .bytes(Array(repeating: 7, count: 1 << 20)), group: .own)
        #expect(try poller.run([deaf], until: poller.now + 30))
        #expect(deaf.status == .exited(0))
        let unheard = try ChildProcess(command(Array("yes".utf8)), input: .inherited, output: .pipe, group: .own)
        unheard.closeOutput()
        #expect(try poller.run([unheard], until: poller.now + 30))
        #expect(unheard.status == .signalled(SIGPIPE))
    }

    @Test(arguments: [("exit 0", ChildProcess.Status.exited(0)), ("exit 7", .exited(7)), ("kill -9 $$", .signalled(9))])
    func `says how it ended`(script: String, status: ChildProcess.Status) throws {
        let child = try ChildProcess(.shell(Array(script.utf8)), input: .inherited, group: .own)
        #expect(child.status == nil || child.status == status)
        #expect(try poller.run([child], until: poller.now + 30))
        var watched: [PollEntry] = []
        #expect(child.status == status && !child.watch(&watched))
    }

    @Test func `has our environment, with its own variables in it`() throws {
        var command = ChildProcess.Command.shell(Array("echo $CHILD_TEST-$CHILD_OTHER".utf8))
        command.variables = ["CHILD_TEST=own"]
        setenv("CHILD_TEST", "ours", 1)
        setenv("CHILD_OTHER", "inherited", 1)
        defer {
            unsetenv("CHILD_TEST")
            unsetenv("CHILD_OTHER")
        }
        let child = try ChildProcess(command, input: .inherited, output: .pipe, group: .own)
        #expect(try output(child) == Array("own-inherited\n".utf8))
    }

    @Test func `many are waited for together`() throws {
        let children = try (0..<20).map { number in
            try ChildProcess(.shell(Array("exit \(number)".utf8)), input: .inherited, group: .own)
        }
        #expect(try poller.run(children, until: poller.now + 30))
        #expect(children.map(\.status) == (0..<20).map { .exited(CInt($0)) })
    }

    @Test func `is ended with all that it has started, and that behind its own end, too`() throws {
        // The shell ignores it; who it has started outlives the shell.
        for script in ["trap '' TERM; sleep 600 & wait; sleep 600", "sleep 600 & echo $!; exit 3"] {
            let child = try ChildProcess(
                .shell(Array(script.utf8)), input: .inherited, output: .pipe, errors: .pipe, group: .kept)
            if script.hasSuffix("3") {
                #expect(try poller.run([child], until: poller.now + 30) && child.status == .exited(3))
            }
            Termination.begin([child], grace: .milliseconds(100))
            let gone = try #require(child.isGone)
            #expect(try poller.run([Lookout([gone])], until: poller.now + 30))
            #expect(try poller.run([child], until: poller.now + 30))
            #expect(child.status == (script.hasSuffix("3") ? .exited(3) : .signalled(SIGKILL)))
            // Who holds the pipe's other end is gone, or is about to be: it was killed.
            let output = try #require(child.output)
            var byte: UInt8 = 0
            var count = 1
            while count != 0 {
                try #require(try poller.run([Lookout([Interest(output, .read)])], until: poller.now + 30))
                count = read(output, &byte, 1)
            }
        }
    }
}
