// Role: psql and pipes, and what a server does alone.

import TestKit

extension Contender {
    /// `psql | psql`, with `tee` between them for more than one.
    static let psqlText = psql("psql, text", "")
    /// The same in binary.
    static let psqlBinary = psql("psql, binary", " (FORMAT binary)")

    private static func psql(_ name: String, _ options: String) -> Contender {
        Contender(name: name, counts: 0...3) { arena, table, count in
            arena.shell(
                script(count),
                ["COPY \(table) TO STDOUT\(options)", "COPY \(table) FROM STDIN\(options)", arena.sourceAddress]
                    + arena.addresses(count))
        }
    }

    /// `$1` and `$2` are the statements, `$3` the source, `$4` and on the destinations. The shell waits for
    /// every process, so their CPU time is counted.
    private static func script(_ count: Int) -> String {
        let out = #""$PSQL" -qX -d "$3" -c "$1""#
        func into(_ number: Int) -> String { #""$PSQL" -qX -d "$\#(number + 3)" -c "$2""# }
        if count == 0 { return "\(out) > /dev/null" }
        if count == 1 { return "\(out) | \(into(1))" }
        let pipes = (1...count).map { "pipe\($0)" }
        let receivers = (1...count).map { "\(into($0)) < pipe\($0) & p\($0)=$!" }
        let waits = (1...count).map { "wait $p\($0)" }.joined(separator: " && ")
        return """
            rm -f \(pipes.joined(separator: " ")) && mkfifo \(pipes.joined(separator: " ")) || exit
            \(receivers.joined(separator: "\n"))
            \(out) | tee \(pipes.dropLast().joined(separator: " ")) > \(pipes[count - 1])
            \(waits)
            """
    }

    /// What the destination's server needs when the rows lie on its own disk: no client can be faster.
    static func limit(file: String) -> Contender {
        Contender(name: "limit: COPY FROM a file of the server, binary", isLimit: true, counts: 1...1) {
            arena, table, _ in
            Program(
                arena.psql,
                ["-qX", "-d", arena.addresses(1)[0], "-c", "COPY \(table) FROM \(sqlLiteral(file)) (FORMAT binary)"])
        }
    }
}
