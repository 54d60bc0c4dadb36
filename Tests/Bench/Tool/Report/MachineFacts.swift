// Role: what the figures were taken on, without any name of it.

import TestKit

/// The machine and the programs.
struct MachineFacts {
    /// A line each.
    let lines: [String]

    /// Asks the system and a server.
    init(_ arena: Arena) throws {
        func first(_ line: String) -> String {
            let output = (try? arena.shell(line, []).run())?.output ?? ""
            return output.split(separator: "\n").first.map(String.init) ?? "unknown"
        }
        let model = first(#"sed -n 's/^model name[^:]*: //p' /proc/cpuinfo"#)
        let memory = first(#"awk '/^MemTotal/ {printf "%.0f GiB", $2 / 1048576}' /proc/meminfo"#)
        let congestion = first("cat /proc/sys/net/ipv4/tcp_congestion_control")
        lines = [
            "CPU: \(model), \(first("nproc")) cores; memory: \(memory)",
            "kernel: \(first("uname -sr"))",
            "PostgreSQL \(try arena.source.psql("SHOW server_version")), \(first(#""$PSQL" --version"#))",
            "all servers on this machine, by \(arena.way.rawValue); fsync and autovacuum off, shared_buffers 256MB",
            "TCP's congestion control: \(congestion)",
        ]
    }
}
