// Nothing outlives the test process, however it ends.

import Glibc
import Testing

@testable import TestKit

@Suite struct CleanupTests {
    @Test func `a test process that is killed leaves nothing behind`() async throws {
        let result = await #expect(processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]) {
            let cluster = try Cluster()
            let postmaster = try cluster.psql("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)")
            let program = try Program("sleep", ["600"]).with { $0.timeout = .seconds(600) }.start()
            let directory = try TemporaryDirectory()
            try directory.write("x".utf8, to: "x")
            let line = "left: \(cluster.socketDirectory) \(directory.path) \(postmaster) \(program.pid) end\n"
            _ = line.withCString { write(1, $0, strlen($0)) }
            kill(getpid(), SIGKILL)
        }
        let output = String(decoding: try #require(result).standardOutputContent, as: UTF8.self)
        let line = try #require(output.split(separator: "\n").first { $0.hasPrefix("left: ") }, "\(output)")
        let left = line.split(separator: " ").dropFirst().dropLast().map(String.init)
        try #require(left.count == 4, "\(output)")
        for path in left[0..<2] { try eventually("\(path) removed") { access(path, F_OK) == -1 } }
        for pid in left[2..<4] {
            let number = try #require(Int32(pid))
            try eventually("process \(pid) ended") { !isRunning(number) }
        }
    }

    @Test func `a keeper that ends by itself becomes no zombie`() throws {
        let keeper = try Keeper(directory: TemporaryDirectory().path, programs: nil)
        #expect(throws: KitError.self) { try keeper.run(["exit"]) }
        try eventually("the keeper was waited for") {
            var information = siginfo_t()
            return waitid(P_PID, id_t(keeper.pid), &information, WEXITED | WNOHANG | WNOWAIT) == -1 && errno == ECHILD
        }
        keeper.end()
    }
}
