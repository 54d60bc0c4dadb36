// A database, `exec` on it, and its lines.

import TestKit
import Testing

/// A database of its own, and `pgcopy exec` on it.
struct ExecStage {
    let cluster: Cluster
    let database: String
    private let owned: Database
    /// The connection, and what its lines begin with.
    let conninfo: String

    init(_ sql: String = "CREATE TABLE t (n int PRIMARY KEY)", on cluster: Cluster? = nil) throws {
        self.cluster = try cluster ?? Servers.source
        owned = try Database(on: self.cluster)
        database = owned.name
        if !sql.isEmpty { try self.cluster.psql(sql, database: database) }
        conninfo = self.cluster.conninfo(database: database)
    }

    /// Runs `pgcopy exec ARGUMENTS... CONNECTION`.
    func exec(_ arguments: String..., input: String? = nil) throws -> ProgramResult {
        try program(arguments, input: input).run()
    }

    func program(_ arguments: [String], input: String? = nil) throws -> Program {
        try Program.pgcopy(["exec"] + arguments + [conninfo]).with {
            if let input { $0.input = .bytes(Array(input.utf8)) }
        }
    }

    /// What is committed.
    func rows(_ query: String = "SELECT n FROM t ORDER BY n") throws -> [String] {
        try cluster.psql(query, database: database).split(separator: "\n").map(String.init)
    }
}

extension ProgramResult {
    /// The lines of stdout that begin with this connection, without it.
    func lines(of conninfo: String) -> [String] {
        output.split(separator: "\n", omittingEmptySubsequences: false).filter {
            $0.hasPrefix(label(of: conninfo) + "\t")
        }
        .map { String($0.dropFirst(label(of: conninfo).count + 1)) }
    }

    /// All lines of stdout.
    var lineCount: Int { output.split(separator: "\n").count }
}
