// What would keep a file from being renamed is found before any server commits.

import Glibc
import TestKit
import Testing

@Suite struct ForeseenTests {
    /// Files of the program that nobody asked for.
    private func leftovers(_ directory: TemporaryDirectory) throws -> String {
        try Program("find", [directory.path, "-name", ".*.pgcopy.*"]).run().output
    }

    @Test func `there are obstacles to try`() {
        #expect(Obstacle.early.count >= 1 && Obstacle.late.count >= 2)
        // As root, on a file system of the usual kind, all of them are.
        print("obstacles: \((Obstacle.early + Obstacle.late).map(\.testDescription).joined(separator: ", "))")
    }

    @Test(arguments: Obstacle.early) func `an obstacle that is there is found before the first row`(obstacle: Obstacle)
        throws
    {
        let trio = try Trio(rows: 10)
        let directory = try TemporaryDirectory()
        try #require(mkdir(directory.file("place"), 0o755) == 0)
        try obstacle.make(in: directory)
        defer { obstacle.clear(directory) }
        let file = directory.file("place/\(obstacle.name)")
        let result = try Obstacle.program(["-v", trio.source.at(), trio.first.at(), file]).run()
        #expect(result.code == 1, "\(result)")
        #expect(result.errors.contains("\(file): ") && result.errors.contains(obstacle.words), "\(result)")
        #expect(!result.errors.contains("COPY"), "\(result)")
        #expect(try trio.first.count() == 0)
        #expect(try leftovers(directory) == "")
    }

    @Test(arguments: Obstacle.late, [false, true])
    func `an obstacle that comes while the copy runs is found before a commit`(obstacle: Obstacle, keepsGoing: Bool)
        throws
    {
        let place = try Place(Servers.first, Trio.schema)
        let directory = try TemporaryDirectory()
        try #require(mkdir(directory.file("place"), 0o755) == 0)
        let file = directory.file("place/out")
        let running = try Obstacle.program((keepsGoing ? ["--keep-going"] : []) + ["-", place.at(), file])
            .with { $0.input = .pipe }.start()
        running.write("1\tx\n")
        try place.waitForBackend("query LIKE 'COPY%' AND state = 'active'")
        #expect(try leftovers(directory) != "")
        try obstacle.make(in: directory)
        running.closeInput()
        let result = try running.end()
        obstacle.clear(directory)
        #expect(result.code == (keepsGoing ? 3 : 1), "\(result)")
        #expect(result.errors.contains("\(file): ") && result.errors.contains(obstacle.words), "\(result)")
        #expect(result.errors.contains("\(file): rolled back"), "\(result)")
        #expect(try place.count() == (keepsGoing ? 1 : 0))
        if !obstacle.keepsEverything { #expect(try leftovers(directory) == "", "\(result)") }
    }

    @Test func `a file of one's own in a sticky folder is replaced`() throws {
        let place = try Place(Servers.source, Trio.schema + ";" + Trio.fill(3))
        let directory = try TemporaryDirectory()
        try #require(chmod(directory.path, 0o1777) == 0)
        let file = try directory.write("old\n".utf8, to: "out")
        let result = try Obstacle.program([place.at(), file]).run()
        #expect(result.code == 0, "\(result)")
        #expect(try directory.contents(of: "out").count == 300 && directory.entries() == ["out"])
    }

    @Test func `a link that leads to itself is refused`() throws {
        let place = try Place(Servers.source, Trio.schema + ";" + Trio.fill(1))
        let directory = try TemporaryDirectory()
        try Program("ln", ["-s", "two", directory.file("one")]).run().expecting(0)
        try Program("ln", ["-s", "one", directory.file("two")]).run().expecting(0)
        let result = try transfer(place.at(), directory.file("one"))
        #expect(result.code == 1 && result.errors.contains("symbolic links"), "\(result)")
        #expect(try directory.entries() == ["one", "two"])
    }

    @Test(arguments: [true, false])
    func `a temporary file that is no longer ours is renamed into no place`(isReplaced: Bool) throws {
        let trio = try Trio(rows: 3)
        let directory = try TemporaryDirectory()
        let pipe = try directory.pipe()
        let running = try program([trio.source.at(), directory.file("out"), trio.first.at(), pipe]).start()
        // It has its last name by then.
        try running.waitForOutput(containing: "waiting for the pipe's reader", on: .errors)
        let temporary = try #require(directory.entries().first { $0.hasPrefix(".out.pgcopy.") })
        try Program("rm", [directory.file(temporary)]).run().expecting(0)
        if isReplaced { try directory.write("strange\n".utf8, to: temporary) }
        _ = try Program("cat", [pipe]).run().expecting(0)
        let result = try running.end()
        #expect(result.code == 1 && result.errors.contains("temporary file was removed or replaced"), "\(result)")
        #expect(try !directory.exists("out") && trio.first.count() == 0)
    }
}
