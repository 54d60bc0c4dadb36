// Passwords in the wrong places, in every command: every byte that is printed is looked at.

import TestKit
import Testing

@Suite struct SecretTests {
    /// Every command that takes a connection, with it in each place.
    private func commandLines(_ connection: String) -> [[String]] {
        [
            ["transfer", "-v", connection, "null:"], ["transfer", "-v", "--progress=json", "null:", connection],
            ["transfer", "--keep-going", "null:", connection, "null:"],
            ["transfer", "-t", "t", "-v", connection, "null:"],
            ["listen", "-v", "-c", "x", "--timeout=0", connection],
            ["listen", "-v", "--format=json", "-c", "x", "--timeout=0", connection],
            ["notify", "-v", "-c", "x", connection], ["exec", "-v", "-c", "SELECT 1", connection],
        ]
    }

    private func expectHidden(
        _ arguments: [String], _ note: String = "", in directory: TemporaryDirectory? = nil
    ) throws -> ProgramResult {
        let result = try Program.pgcopy(arguments).with {
            $0.environment["PGCONNECT_TIMEOUT"] = "5"
            $0.directory = directory?.path
        }.run()
        for text in [result.output, result.errors] {
            #expect(!StrayPassword.isSeen(in: text), "\(result) \(note)")
        }
        return result
    }

    @Test(arguments: Seeded.seeds(6))
    func `no command prints a piece of a password`(seed: UInt64) throws {
        var rng = Seeded(seed)
        for _ in 0..<4 {
            let connection = StrayPassword.connection(&rng)
            guard !connection.hasPrefix("-") else { continue }
            for arguments in commandLines(connection) {
                let result = try expectHidden(arguments, "\(rng)")
                #expect(result.code == 2 || result.code == 1 || arguments.contains("--keep-going"), "\(result) \(rng)")
            }
        }
    }

    @Test(arguments: [
        "postgresql://u:pa@Hk7Qz9Wm@127.0.0.1/db", "postgresql://u:Hk7Qz9Wm", "host=127.0.0.1 pasword=Hk7Qz9Wm",
        " postgresql://u:Hk7Qz9Wm@127.0.0.1/db", "postgresql//u:Hk7Qz9Wm@127.0.0.1/db",
        "jdbc:postgresql://127.0.0.1/db?user=u&password=Hk7Qz9Wm", "user=u;password=Hk7Qz9Wm",
        "user=u,password=Hk7Qz9Wm", "dbname='user=u password=Hk7Qz9Wm'", "ALTER USER u PASSWORD 'Hk7Qz9Wm'",
    ])
    func `what was seen in messages once is not any more`(connection: String) throws {
        for arguments in commandLines(connection) { _ = try expectHidden(arguments) }
    }

    @Test func `a real server that quotes what it was given is not repeated`() throws {
        let cluster = try Servers.source
        let server = "host='\(cluster.socketDirectory)' port=\(cluster.port)"
        for rest in [
            "user=postgres dbname='user=u password=Hk7Qz9Wm'", "dbname=postgres user=u;password=Hk7Qz9Wm",
            "user=postgres dbname='ALTER USER u PASSWORD \\'Hk7Qz9Wm\\''",
            // A server cuts names to 63 bytes.
            "user=postgres dbname='\(String(repeating: "x", count: 56)) = Hk7Qz9WmHk7Qz9Wm'",
            "user=postgres dbname='postgresql://u:Hk7Qz9Wm@h/d'",
            "user=postgres dbname=postgres options='-c search_path=x -c password=Hk7Qz9Wm'",
        ] {
            for arguments in commandLines("\(server) \(rest)") {
                let result = try expectHidden(arguments)
                #expect(result.code != 0 || arguments.contains("--keep-going"), "\(result)")
            }
        }
        // What is said without a password in the wrong place is said whole.
        let missing = try expectHidden([
            "exec", "-c", "SELECT 1", "\(server) user=postgres dbname=missing password=Hk7Qz9Wm",
        ])
        #expect(missing.errors.contains(#"FATAL:  database "missing" does not exist"#), "\(missing)")
        #expect(missing.errors.contains(":\(cluster.port)/missing: "), "\(missing)")
    }

    /// The options of a command that take a value, as its help names them.
    private func options(of command: String) throws -> [(name: String, isOptional: Bool)] {
        try Program.pgcopy(command, "--help").run().expecting(0).output.split(separator: "\n").compactMap { line in
            guard let word = line.split(separator: " ").first(where: { $0.hasPrefix("--") }),
                line.hasPrefix("  -"), let equals = word.firstIndex(of: "=")
            else { return nil }
            let name = word[..<equals]
            return name.hasSuffix("[") ? (String(name.dropLast()), true) : (String(name), false)
        }
    }

    @Test func `no option of any command repeats a connection given as its value`() throws {
        let directory = try TemporaryDirectory()
        let cluster = try Servers.source
        let (server, file) = (cluster.conninfo(database: "postgres"), directory.file("out"))
        let lines = [
            ("transfer", [server + "#pg_am", file]), ("transfer", [file, server + "#pg_am"]),
            ("transfer", ["--format=csv", server + "#pg_am", file]), ("exec", [server]), ("notify", [server]),
            ("listen", ["--timeout=0", server]),
        ]
        var seen = 0
        for (command, rest) in lines {
            for option in try options(of: command) {
                seen += 1
                for value in ["postgresql://u:Hk7Qz9Wm@127.0.0.1/db", "host=h password=Hk7Qz9Wm", "\u{1b}[2J\u{7}"] {
                    let swallowing = option.isOptional ? ["\(option.name)=\(value)"] : [option.name, value]
                    for arguments in [[command] + swallowing + rest, [command] + rest + swallowing] {
                        // Some of it may be a file's name.
                        let result = try expectHidden(arguments, in: directory)
                        #expect(!result.errors.contains("\u{1b}") && !result.errors.contains("\u{7}"), "\(result)")
                    }
                }
            }
        }
        #expect(seen > 60, "\(seen) options were found")
    }

    @Test func `a connection that slipped into an option's place is not repeated`() throws {
        let connection = "postgresql://u:Hk7Qz9Wm@127.0.0.1/db"
        for option in [
            "--table", "--into", "--columns", "--timeout", "--interval", "--format", "--rate-limit", "--null",
            "--encoding",
        ] {
            _ = try expectHidden(["transfer", option, connection, "null:", "null:"])
        }
        for arguments in [
            ["exec", "-f", connection, "db"], ["transfer", "--" + connection, "a", "b"], ["--" + connection],
            ["notify", "-c", connection + String(repeating: "x", count: 60), "nowhere"], [connection],
            ["completions", "u:Hk7Qz9Wm"], ["listen", "-c", "x", "--count", connection, "db"],
            ["transfer", "--password=Hk7Qz9Wm", "a", "b"], ["transfer", "-W" + connection, "a", "b"],
        ] { #expect(try expectHidden(arguments).code != 0) }
    }
}
