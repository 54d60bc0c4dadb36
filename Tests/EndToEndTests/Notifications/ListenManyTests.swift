// `listen` on 200 connections, while one after the other is killed in the middle of notifications.

import Glibc
import TestKit
import Testing

@Suite(.serialized) struct ListenManyTests {
    private static let count = 200
    private static let kills = 25
    private static let channels = ["first", "second"]

    private let cluster: Cluster
    private let directory: TemporaryDirectory
    /// One for each of as many users: so a backend is known by its user.
    private let conninfos: [String]

    init() throws {
        cluster = try Cluster(ClusterOptions(settings: ["max_connections = 250"]))
        directory = try TemporaryDirectory()
        try cluster.psql((0..<Self.count).map { "CREATE ROLE ear_\($0) LOGIN;" }.joined())
        let own = cluster.conninfo()
        conninfos = (0..<Self.count).map { own.replacing("//\(Cluster.user)@", with: "//ear_\($0)@") }
    }

    /// Listening, its lines going to the file `lines`.
    private func start(_ options: String...) throws -> RunningProgram {
        let words =
            [try Program.pgcopyPath(), "listen", "-v"] + options + Self.channels.flatMap { ["-c", $0] } + conninfos
        let running = try Program("sh", ["-c", "exec \"$@\" > lines", "sh"] + words).with {
            $0.directory = directory.path
            $0.timeout = .seconds(180)
        }.start()
        try running.waitForOutput(containing: "pgcopy: listening\n", within: .seconds(60))
        return running
    }

    /// Notifications by one session, each in a transaction of its own, and among them a kill for each victim, which
    /// nobody waits for. Gives channels and payloads, in order.
    private func notifyAndKill(_ victims: [Int], _ name: String = "") throws -> [String] {
        var sent: [String] = []
        var script = ""
        func tell(_ payload: String) {
            let channel = Self.channels[sent.count % 2]
            sent.append("\(channel) \(payload)")
            script += "NOTIFY \(channel), '\(payload)';\n"
        }
        for (round, victim) in victims.enumerated() {
            for number in 1...3 { tell("\(name)\(round).\(number)") }
            script += "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ear_\(victim)';\n"
            tell("\(name)\(round).after")
        }
        let said = try cluster.psql(script)
        try #require(said == victims.map { _ in "t" }.joined(separator: "\n"), "each was killed: \(said)")
        return sent
    }

    /// They differ by the user alone.
    private var labels: [String] { conninfos.enumerated().map { "ear_\($0)@\(label(of: $1))" } }

    /// Sends a last notification, waits until so many have it, ends the program and gives what each connection
    /// printed: channel and payload, or "gap".
    private func end(
        _ running: RunningProgram, heardBy count: Int
    ) throws -> (result: ProgramResult, heard: [[String]]) {
        try cluster.psql("NOTIFY first, 'end'")
        try eventually("the end is heard by \(count)", within: .seconds(120)) {
            if running.hasEnded { throw KitError("it ended: \(running.text(.errors))") }
            return try occurrences(of: "\tend\t") >= count
        }
        running.signal(SIGINT)
        let result = try running.wait()
        var heard: [Substring: [String]] = [:]
        for line in try directory.text(of: "lines").split(separator: "\n") {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            try #require(fields.count == 4, "\(line)")
            let isGap = fields[1...] == ["\\N", "gap", "\\N"]
            heard[fields[0], default: []].append(isGap ? "gap" : "\(fields[1]) \(fields[2])")
        }
        #expect(Set(heard.keys).isSubset(of: Set(labels.map { $0[...] })))
        return (result, labels.map { heard[$0[...]] ?? [] })
    }

    /// How many lines hold this, so far.
    private func occurrences(of text: String) throws -> Int {
        let found = try Program("grep", ["-cF", text, directory.file("lines")]).run().output
        return try #require(Int(found.prefix { $0 != "\n" }), "\(found)")
    }

    private func victims() -> [Int] {
        var random = Seeded(7)
        return Array((0..<Self.count).shuffled(using: &random).prefix(Self.kills))
    }

    private func messages(_ result: ProgramResult, _ text: String) -> Set<String> {
        Set(result.errors.split(separator: "\n").filter { $0.hasSuffix(text) }.map(String.init))
    }

    @Test func `nothing is lost from the living`() throws {
        let victims = victims()
        let running = try start()
        let sent = try notifyAndKill(victims)
        let (result, heard) = try end(running, heardBy: Self.count - Self.kills)
        #expect(result.code == 130, "\(result.errors.suffix(2000))")
        let everything = sent + ["first end"]
        for (index, heard) in heard.enumerated() {
            if victims.contains(index) {
                #expect(everything.starts(with: heard) && heard.count < everything.count, "\(index): \(heard)")
            } else {
                #expect(heard == everything, "\(index)")
            }
        }
        let lost = messages(result, ": the connection is lost")
        #expect(lost == Set(victims.map { "pgcopy: \(labels[$0]): the connection is lost" }))
    }

    @Test func `with --reconnect the killed come back, and tell of the gap once`() throws {
        let victims = victims()
        let running = try start("--reconnect")
        let sent = try notifyAndKill(victims)
        try eventually("all are back", within: .seconds(60)) { try occurrences(of: "\tgap\t") == Self.kills }
        // A second death of some, then peace.
        let again = try notifyAndKill(Array(victims.prefix(5)), "again ")
        try eventually("all are back", within: .seconds(60)) { try occurrences(of: "\tgap\t") == Self.kills + 5 }
        let (result, heard) = try end(running, heardBy: Self.count)
        #expect(result.code == 130, "\(result.errors.suffix(2000))")
        let everything = sent + again + ["first end"]
        for (index, heard) in heard.enumerated() {
            let parts = heard.split(separator: "gap", omittingEmptySubsequences: false).map(Array.init)
            let deaths = victims.prefix(5).contains(index) ? 2 : victims.contains(index) ? 1 : 0
            #expect(parts.count == deaths + 1, "\(index): \(heard)")
            #expect(isInOrderWithGaps(parts, of: everything), "\(index): \(heard)")
        }
        #expect(messages(result, ": the connection is lost; it is opened again").count == Self.kills)
        #expect(messages(result, ": listening again").count == Self.kills)
    }

    /// Each part is a run of all, without a hole; the first begins at the beginning, the last ends at the end, none
    /// begins before the one before it has ended.
    private func isInOrderWithGaps(_ parts: [[String]], of everything: [String]) -> Bool {
        guard everything.starts(with: parts[0]) else { return false }
        guard parts.count > 1 else { return parts[0].count == everything.count }
        var position = parts[0].count
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let start = everything[position...].firstIndex(of: part[0]),
                everything[start...].starts(with: part)
            else { return false }
            position = start + part.count
        }
        let last = parts[parts.count - 1]
        return !last.isEmpty && last.count <= everything.count - position && everything.suffix(last.count) == last[...]
    }
}
