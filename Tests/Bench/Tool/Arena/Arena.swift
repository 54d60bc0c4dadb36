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
    /// What clients connect through, to the source and to each destination; nil: straight.
    let links: Links?

    /// Starts the servers.
    init(destinations count: Int = 3, way: ConnectionWay, tls: Bool = false) throws {
        self.way = way
        links = nil
        let options = ClusterOptions(settings: Self.settings, tls: tls)
        source = try Cluster(options)
        destinations = try (0..<count).map { _ in try Cluster(options) }
        files = try TemporaryDirectory()
    }

    private init(_ other: Arena, way: ConnectionWay, links: Links? = nil) {
        source = other.source
        destinations = other.destinations
        files = other.files
        self.way = way
        self.links = links
    }

    /// The same servers, reached in one way or the other.
    func reached(by way: ConnectionWay) -> Arena { Arena(self, way: way) }

    /// The same servers, reached through links.
    func reached(through links: Links) -> Arena { Arena(self, way: .tcp, links: links) }

    /// Stops and removes everything.
    func remove() {
        source.remove()
        for destination in destinations { destination.remove() }
        files.remove()
    }

    /// psql itself; Debian's in PATH is a script that looks for it, and its time would count.
    var psql: String { source.psqlProgram([], conninfo: "").executable }

    /// A line of shell, in the directory of our files; `$PSQL` and `$PG_DUMP` are the programs, `$1` and on are the arguments.
    func shell(_ line: String, _ arguments: [String]) -> Program {
        Program("sh", ["-c", line, "sh"] + arguments).with {
            $0.environment["PSQL"] = psql
            $0.environment["PG_DUMP"] = psql.hasSuffix("/psql") ? psql.dropLast(4) + "pg_dump" : "pg_dump"
            $0.environment["HOME"] = Installed.home
            $0.directory = files.path
        }
    }

    /// The source, for a client.
    var sourceAddress: String { links?.source.conninfo() ?? address(source) }

    /// The first destinations, for a client.
    func addresses(_ count: Int) -> [String] {
        links.map { $0.destinations.prefix(count).map { $0.conninfo() } } ?? destinations.prefix(count).map(address)
    }

    private func address(_ cluster: Cluster) -> String {
        switch way {
        case .tcp: cluster.tcpConninfo()
        case .unix: cluster.conninfo()
        }
    }

    /// Makes it everywhere and fills it at the source, settled: frozen, in memory, on disk.
    func make(_ cargo: some Cargo) throws {
        try source.psql(cargo.creation + cargo.filling + cargo.settling + "CHECKPOINT;")
        for destination in destinations { try destination.psql(cargo.creation) }
    }

    /// Drops it everywhere.
    func drop(_ cargo: some Cargo) throws {
        for cluster in [source] + destinations { try cluster.psql(cargo.dropping + "CHECKPOINT;") }
    }

    /// Empties it at the first destinations, and lets them write what they still have to write.
    func empty(_ cargo: some Cargo, _ count: Int) throws {
        for destination in destinations.prefix(count) { try destination.psql(cargo.emptying + "CHECKPOINT;") }
    }

    /// Throws unless all rows are at the first destinations.
    func verify(_ cargo: some Cargo, _ count: Int, after contender: String) throws {
        for destination in destinations.prefix(count) {
            let rows = try destination.psql(cargo.counting)
            guard rows == "\(cargo.rows)" else {
                throw BenchError("\(contender) copied \(rows) rows of \(cargo.name), not \(cargo.rows)")
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

    /// Such a file of each table; their common beginning, behind which is the table's number.
    func binaryFiles(_ schema: SampleSchema) throws -> String {
        let path = source.socketDirectory + "/\(schema.name)."
        try source.psql(
            schema.each("COPY \(schema.name).table_{t} TO \(sqlLiteral(path + "{t}")) (FORMAT binary)"))
        return path
    }

    /// The bytes of a file of the source's server.
    func size(of file: String) throws -> Int {
        let answer = try source.psql("SELECT size FROM pg_stat_file(\(sqlLiteral(file)))")
        guard let size = Int(answer) else { throw BenchError("no size of \(file): \(answer)") }
        return size
    }
}
