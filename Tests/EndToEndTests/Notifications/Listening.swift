// What the tests of `listen` and `notify` share.

import TestKit

extension Program {
    /// `pgcopy listen -v` with these arguments, started and listening.
    static func listening(_ arguments: String..., change: (inout Program) -> Void = { _ in }) throws -> RunningProgram {
        let running = try Program.pgcopy(["listen", "-v"] + arguments).with(change).start()
        try running.waitForOutput(containing: "pgcopy: listening\n")
        return running
    }
}

extension Cluster {
    /// Sends notifications, each in a transaction of its own.
    func notify(_ channel: String, _ payloads: String..., database: String = "postgres") throws {
        let statements = payloads.map { "SELECT pg_notify(\(sqlLiteral(channel)), \(sqlLiteral($0)));" }
        try psql(statements.joined(separator: "\n"), database: database)
    }
}

extension ProgramResult {
    /// The fields of each line of stdout.
    var records: [[String]] {
        output.split(separator: "\n").map {
            $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
    }
}
