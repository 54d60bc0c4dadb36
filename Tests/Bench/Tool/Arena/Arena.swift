// Role: the servers of a benchmark: one source, three destinations, and the tables in them.

import TestKit

/// Throw-away clusters, all on this machine.
final class Arena {
    /// Set so that the disk and the housekeeping are not what is measured.
    private static let settings = [
        "shared_buffers = 256MB", "max_wal_size = 16GB", "min_wal_size = 2GB", "checkpoint_timeout = 1d",
        "autovacuum = off", "fsync = off", "synchronous_commit = off", "jit = off", "log_checkpoints = off",
        "wal_level = replica",
    ]

    /// Where rows come from.
    let source: Cluster
    /// Where they go.
    let destinations: [Cluster]
    /// Named pipes, scripts, files of the clients.
    let files: TemporaryDirectory

    /// How clients connect.
    let way: ConnectionWay

    /// Starts the servers.
    init(destinations count: Int = 3, way: ConnectionWay) throws {
        self.way = way
        source = try Cluster(ClusterOptions(settings: Self.settings))
        destinations = try (0..<count).map { _ in try Cluster(ClusterOptions(settings: Self.settings)) }
        files = try TemporaryDirectory()
    }

    private init(_ other: Arena, way: ConnectionWay) {
        source = other.source
        destinations = other.destinations
        files = other.files
        self.way = way
    }

    /// The same servers, reached in one way or the other.
    func reached(by way: ConnectionWay) -> Arena { Arena(self, way: way) }

    /// Stops and removes everything.
    func remove() {
        source.remove()
        for destination in destinations { destination.remove() }
        files.remove()
    }

    /// psql itself; Debian's in PATH is a script that looks for it, and its time would count.
    var psql: String { source.psqlProgram([], conninfo: "").executable }

    /// A line of shell, in the directory of our files; `$PSQL` is psql, `$1` and on are the arguments.
    func shell(_ line: String, _ arguments: [String]) -> Program {
        Program("sh", ["-c", line, "sh"] + arguments).with {
            $0.environment["PSQL"] = psql
            $0.environment["HOME"] = Installed.home
            $0.directory = files.path
        }
    }

    /// The source, for a client.
    var sourceAddress: String { address(source) }

    /// The first destinations, for a client.
    func addresses(_ count: Int) -> [String] { destinations.prefix(count).map(address) }

    private func address(_ cluster: Cluster) -> String {
        switch way {
        case .tcp: cluster.tcpConninfo()
        case .unix: cluster.conninfo()
        }
    }

    /// Makes the table everywhere and fills it at the source, settled: frozen, in memory, on disk.
    func make(_ table: SampleTable) throws {
        try source.psql(
            table.creation + table.filling + "VACUUM (FREEZE, ANALYZE) \(table.name); CHECKPOINT;")
        for destination in destinations { try destination.psql(table.creation) }
    }

    /// Drops it everywhere.
    func drop(_ table: SampleTable) throws {
        for cluster in [source] + destinations { try cluster.psql("DROP TABLE \(table.name); CHECKPOINT;") }
    }

    /// Empties it at the first destinations, and lets them write what they still have to write.
    func empty(_ table: String, _ count: Int) throws {
        for destination in destinations.prefix(count) { try destination.psql("TRUNCATE \(table); CHECKPOINT;") }
    }

    /// Throws unless all rows are at the first destinations.
    func verify(_ table: SampleTable, _ count: Int, after contender: String) throws {
        for destination in destinations.prefix(count) {
            let rows = try destination.psql("SELECT count(*) FROM \(table.name)")
            guard rows == "\(table.rows)" else {
                throw BenchError("\(contender) copied \(rows) rows of \(table.name), not \(table.rows)")
            }
        }
    }

    /// The bytes of all rows in text format.
    func textBytes(_ table: SampleTable) throws -> Int {
        let sql = "COPY \(table.name) TO STDOUT"
        let result = try shell(#""$PSQL" -qX -d "$1" -c "$2" | wc -c"#, [sourceAddress, sql]).run()
        let words = result.output.split(whereSeparator: \.isWhitespace)
        guard let bytes = words.first.flatMap({ Int($0) }), bytes > 0 else { throw BenchError("no rows: \(result)") }
        return bytes
    }

    /// A file of the rows that a destination's server can read itself.
    func binaryFile(_ table: SampleTable) throws -> String {
        let path = source.socketDirectory + "/\(table.name).bin"
        try source.psql("COPY \(table.name) TO \(sqlLiteral(path)) (FORMAT binary)")
        return path
    }
}
