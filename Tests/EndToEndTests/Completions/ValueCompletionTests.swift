// Completions that ask servers.

import Glibc
import TestKit
import Testing

@Suite struct `completion of values` {
    /// Names that harm in one shell or the other.
    private static let names = [
        "orders", "Odd Name", "q\"t", "do$lar", "tick`x", "ümlaut", "ex$(kill $$)", "it's", "bang!x", "ba\\ck",
        "; kill $$ #", "zig$zag", "zig.zag",
    ]

    private static func made() throws -> ExecStage {
        let tables = names.map { "CREATE TABLE \"\($0.replacing("\"", with: "\"\""))\" ()" }.joined(separator: "; ")
        return try ExecStage(
            tables
                + "; CREATE SCHEMA sales; CREATE TABLE sales.ordinal (); CREATE SCHEMA \"S x\"; CREATE TABLE \"S x\".\"T\" ()"
        )
    }

    /// What the program offers, which has nothing else to say.
    /// - Parameter tries: a machine that is busy may take longer than the second that an answer has.
    private func offered(
        _ words: String..., folder: TemporaryDirectory? = nil, environment: [String: String] = [:], tries: Int = 4
    ) throws -> [String] {
        let program = try Program.pgcopy(["__complete"] + words).with {
            $0.directory = folder?.path
            $0.environment.merge(environment) { $1 }
        }
        var result = try program.run()
        for _ in 1..<tries where result.duration > .milliseconds(900) { result = try program.run() }
        #expect(result.code == 0 && result.errors == "", "\(result)")
        // A second, and what it takes to start.
        #expect(result.duration < .seconds(3), "\(result)")
        return result.output.split(separator: "\n").map(String.init)
    }

    @Test func `tables and schemas are the source's`() throws {
        let stage = try Self.made()
        func ask(_ kind: String, _ word: String) throws -> [String] {
            try offered("zsh", kind, word, "--", "transfer", stage.conninfo, "-t", word)
        }
        #expect(try ask("table", "Ord") == ["orders"])
        #expect(try ask("table", "\"O") == ["\"Odd Name\""])
        #expect(try ask("table", "sal") == ["sales."] && ask("table", "sales.O") == ["sales.ordinal"])
        #expect(try ask("table", "\"S x\".") == ["\"S x\".\"T\""])
        #expect(
            try Set(ask("table", "")).isSuperset(of: [
                "orders", "\"ex$(kill $$)\"", "\"q\"\"t\"", "\"S x\".", "public.",
            ]))
        #expect(try ask("table", "pg_clas") == ["pg_class"] && ask("table", "pg_nothing") == [])
        #expect(try ask("schema", "") == ["\"S x\"", "public", "sales"] && ask("schema", "SA") == ["sales"])
        #expect(try ask("endpoint", stage.conninfo + "#Ord") == [stage.conninfo + "#orders"])
        #expect(try ask("table", "ord*") == [] && ask("table", "'; DROP TABLE orders; --") == [])
    }

    @Test func `services, databases and files are what a name can be`() throws {
        let stage = try ExecStage("")
        let folder = try TemporaryDirectory()
        try folder.write([], to: "orders.csv")
        try folder.write([], to: ".hidden")
        let services = try folder.write(Array("[eu]\nhost=x\n[us east]\n".utf8), to: "pg_service.conf")
        let environment = [
            "PGSERVICEFILE": services, "PGHOST": stage.cluster.socketDirectory, "PGPORT": "\(stage.cluster.port)",
            "PGUSER": Cluster.user,
        ]
        func ask(_ kind: String, _ word: String) throws -> [String] {
            try offered("zsh", kind, word, "--", "transfer", word, folder: folder, environment: environment)
        }
        #expect(try ask("endpoint", "ser") == ["service=eu", "service='us east'"])
        #expect(try ask("connection", "service=e") == ["service=eu"])
        #expect(try ask("endpoint", "ord") == ["./orders.csv"] && ask("endpoint", ".h") == ["./.hidden"])
        #expect(try ask("connection", stage.database) == [stage.database])
        let all = try ask("endpoint", "")
        #expect(Set(all).isSuperset(of: ["service=eu", "./orders.csv", stage.database, "postgres"]))
        #expect(!all.contains("./.hidden") && !all.contains("template0"))
        #expect(try ask("connection", "ord") == [])
        #expect(
            try offered("fish", "endpoint", "ord", "--", "transfer", "ord", folder: folder) == ["file:orders.csv\tfile"]
        )
    }

    @Test func `a server that cannot be asked is passed over, within a second`() throws {
        let password = try Servers.tls.tcpConninfo(withPassword: false)
        let listening = try SilentServer()
        for server in [
            password, "postgresql://127.0.0.1:1/db", "host=127.0.0.1 port=\(listening.port) dbname=db",
            "postgresql:///nowhere?host=/nowhere", "host=", "=", "-", "null:", "program:kill $$",
        ] {
            #expect(try offered("zsh", "table", "", "--", "transfer", server, "-t", "", tries: 1) == [], "\(server)")
            let endpoint = server + "#o"
            #expect(try offered("zsh", "endpoint", endpoint, "--", "transfer", endpoint, tries: 1) == [], "\(server)")
        }
        // Whose server does answer, but not the question.
        let stage = try ExecStage("")
        let proxy = try FaultProxy(to: stage.cluster)
        proxy.arm(.stall, direction: .toClient, at: .answer(to: "relname"))
        let conninfo = proxy.conninfo(database: stage.database)
        #expect(try offered("zsh", "table", "", "--", "transfer", conninfo, "-t", "", tries: 1) == [])
        #expect(proxy.faultCount == 1)
        proxy.stop()
    }

    /// Each line ends in a tab, and what the shell makes of it is what a command would get.
    @Test(arguments: ["bash", "zsh", "fish"]) func `a shell gives what was completed to the command`(shell: String)
        throws
    {
        let stage = try Self.made()
        let folder = try TemporaryDirectory()
        let services = try folder.write(
            Array(
                "[eu]\nhost=\(stage.cluster.socketDirectory)\nport=\(stage.cluster.port)\nuser=\(Cluster.user)\ndbname=\(stage.database)\n"
                    .utf8),
            to: "pg_service.conf")
        for name in [
            "orders.csv", "kill;touch pwned", "no more$(touch pwned)", "quo'te;touch pwned", "co:lon.csv", "eq=x.csv",
            "sp ace.csv",
        ] {
            try folder.write([], to: name)
        }
        let script = try Program.pgcopy("completions", shell).run().expecting(0).output
        let scripts = try TemporaryDirectory()
        try scripts.write(script.utf8, to: "_pgcopy")
        let show = "printf '<%s>' \"$@\"; echo '<end>'"
        let begin =
            switch shell {
            case "bash":
                "PS1=; bind 'set enable-bracketed-paste off'; source \(scripts.file("_pgcopy")); pgcopy() { \(show); }; echo re''ady\n"
            case "zsh":
                "PS1=; unsetopt beep; fpath=(\(scripts.path) $fpath); autoload -Uz compinit; compinit -u -D; pgcopy() { \(show); }; echo re''ady\n"
            default:
                "source \(scripts.file("_pgcopy")); function pgcopy; printf '<%s>' $argv; echo '<end>'; end; echo re''ady\n"
            }
        let options =
            ["bash": ["--norc", "--noprofile", "-i"], "zsh": ["-f", "-i"], "fish": ["-N", "-i"]][shell] ?? []
        let path = try Program.product("pgcopy")
        let program = try Program(shell, options).with {
            $0.terminal = .all
            $0.directory = folder.path
            $0.environment = [
                "PATH": path.split(separator: "/").dropLast().map { "/" + $0 }.joined() + ":/usr/bin:/bin",
                "LC_ALL": "C.UTF-8", "HOME": folder.path, "TERM": shell == "fish" ? "xterm" : "dumb",
                "PGSERVICEFILE": services,
            ]
        }.start()
        program.type(begin)
        try program.waitForOutput(containing: "ready", on: .screen)
        // Where one candidate goes on from what is typed and one does not, bash would take away what it is.
        let mixed = shell == "bash" ? [("service=eu#zig", "<service=eu#zig$zag>")] : []
        for (typed, given) in mixed + [
            ("service=eu -t Ord", "<service=eu><-t><orders>"),
            ("service=eu --table=sales.o", "<service=eu><--table=sales.ordinal>"),
            ("service=eu -t '\"O", "<service=eu><-t><\"Odd Name\">"),
            ("service=eu -t \\\"O", "<service=eu><-t><\"Odd Name\">"),
            ("service=eu -t \"\\\"ti", "<service=eu><-t><\"tick`x\">"),
            ("service=eu -t do", "<service=eu><-t><do$lar>"),
            ("service=eu -t '\"ex", "<service=eu><-t><\"ex$(kill $$)\">"),
            ("service=eu -t '\"it", "<service=eu><-t><\"it's\">"),
            ("service=eu -t \"\\\"bang", "<service=eu><-t><\"bang!x\">"),
            ("service=eu -t '\"; k", "<service=eu><-t><\"; kill $$ #\">"),
            ("service=eu -t '\"q", "<service=eu><-t><\"q\"\"t\">"), ("service=eu -t üm", "<service=eu><-t><ümlaut>"),
            ("service=eu -n sa", "<service=eu><-n><sales>"), ("service=eu#ord", "<service=eu#orders>"),
            ("'service=eu#\"O", "<service=eu#\"Odd Name\">"), ("service=e", "<service=eu>"),
            // A name that would be a command, and one that would be two words.
            ("null: file:ki", "<null:><file:kill;touch pwned>"),
            ("null: file:no", "<null:><file:no more$(touch pwned)>"),
            ("null: file:qu", "<null:><file:quo'te;touch pwned>"),
            ("null: file:co:", "<null:><file:co:lon.csv>"), ("null: file:eq=", "<null:><file:eq=x.csv>"),
            ("null: file:\"sp", "<null:><file:sp ace.csv>"),
            ("null: orders.", shell == "fish" ? "<null:><file:orders.csv>" : "<null:><./orders.csv>"),
        ] {
            // A machine that is busy may take longer than the second that an answer has.
            for round in 1...4 {
                program.type("pgcopy transfer \(typed)\t\n")
                let wanted = "<transfer>\(given)<end>"
                if round == 4 {
                    try program.waitForOutput(containing: wanted, on: .screen)
                } else if (try? program.waitForOutput(containing: wanted, on: .screen, within: .seconds(5))) != nil {
                    break
                }
                program.type("\u{3}")
            }
        }
        program.type("exit\n")
        #expect(try program.wait().code == 0)
        #expect(try !folder.entries().contains("pwned"))
    }
}

/// Takes connections and never says a word.
private final class SilentServer {
    let port: Int
    private let socket: CInt

    init() throws {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.socket = socket
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, size) == 0 && listen(socket, 8) == 0 && getsockname(socket, $0, &size) == 0
            }
        }
        try #require(isBound)
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(socket) }
}
