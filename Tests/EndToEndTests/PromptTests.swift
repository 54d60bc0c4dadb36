// Passwords asked for on the terminal.

import TestKit
import Testing

@Suite struct PromptTests {
    /// A place on the server that wants passwords, and how to get there without one.
    private func locked() throws -> (Place, String) {
        let place = try Place(Servers.tls, Trio.schema)
        return (place, place.cluster.tcpConninfo(database: place.database, withPassword: false) + "#t")
    }

    @Test(arguments: [false, true])
    func `a password is asked for on the terminal`(always: Bool) throws {
        let (place, endpoint) = try locked()
        let running = try start(always ? "-W" : "-v", "-", endpoint) {
            $0.terminal = .controlling
            $0.input = .bytes(Array("1\tx\n".utf8))
        }
        let asked = try running.waitForOutput(containing: "Password for", on: .screen)
        #expect(
            asked.contains("Password for user postgres at 127.0.0.1:\(place.cluster.port)/\(place.database): "))
        running.type(Cluster.password + "\n")
        let result = try running.end()
        #expect(result.code == 0, "\(result)")
        #expect(try place.count() == 1)
    }

    @Test func `-W asks even where the server wants no password`() throws {
        let place = try Place(Servers.first, Trio.schema)
        let running = try start("-W", "-", place.at()) {
            $0.terminal = .controlling
            $0.input = .bytes(Array("1\tx\n".utf8))
        }
        try running.waitForOutput(containing: "Password for", on: .screen)
        running.type(secret + "\n")
        let result = try running.end()
        #expect(result.code == 0, "\(result)")
        #expect(try place.sql("TABLE t") == "1|x")
    }

    @Test func `a password is asked for once for each endpoint`() throws {
        let (source, from) = try locked()
        let (target, to) = try locked()
        try source.sql(Trio.fill(10))
        let running = try start(from, to) { $0.terminal = .all }
        try running.waitForOutput(containing: "/\(source.database)", on: .screen)
        running.type(Cluster.password + "\n")
        try running.waitForOutput(containing: "/\(target.database)", on: .screen)
        running.type(Cluster.password + "\n")
        let result = try running.end()
        #expect(result.code == 0, "\(result)")
        #expect(try target.digest() == source.digest())
    }

    @Test func `-w never asks`() throws {
        let (_, endpoint) = try locked()
        let result = try transfer("-w", "null:", endpoint) { $0.terminal = .all }
        #expect(result.code == 2, "\(result)")
        #expect(!result.screenText.contains("Password for"), "\(result)")
        #expect(result.screenText.contains("no password supplied"), "\(result)")
    }

    @Test func `a password that is missing without a terminal is an error`() throws {
        let (_, endpoint) = try locked()
        // A session without a terminal of its own.
        for option in ["-v", "-W"] {
            let result = try transfer(option, "null:", endpoint)
            #expect(result.code == 2, "\(result)")
            #expect(result.errors.contains("no password supplied"), "\(result)")
            #expect(
                result.errors.contains("HINT: a password is wanted and there is no terminal to ask on"), "\(result)")
        }
    }

    @Test func `a wrong password is not asked for again`() throws {
        let (place, endpoint) = try locked()
        let running = try start("null:", endpoint) { $0.terminal = .all }
        try running.waitForOutput(containing: "Password for", on: .screen)
        running.type("\(secret)\n")
        let result = try running.end()
        #expect(result.code == 2, "\(result)")
        #expect(result.screenText.contains("password authentication failed"), "\(result)")
        #expect(try place.backends() == 0)
    }

    @Test func `a prompt that is interrupted ends, and the terminal echoes again`() throws {
        let (_, endpoint) = try locked()
        let pgcopy = try Program.pgcopyPath()
        let script =
            #"trap : INT; "$0" transfer null: "$1"; echo "code $?"; case $(stty -a) in (*" echo "*) echo it echoes; esac"#
        let running = try Program("sh", ["-c", script, pgcopy, endpoint]).with { $0.terminal = .all }.start()
        try running.waitForOutput(containing: "Password for", on: .screen)
        running.type("\u{3}")
        let result = try running.end()
        #expect(result.screenText.contains("code 130"), "\(result)")
        #expect(result.screenText.contains("it echoes"), "\(result)")
    }
}
