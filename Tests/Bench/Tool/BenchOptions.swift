// Role: what the benchmark may be told on its command line.

/// The options of one run.
struct BenchOptions {
    /// Words for `--help`, and for who asks for what there is not.
    static let usage = """
        usage: PgcopyBench [--rounds N] [--quick] [--unix] [--only SUITE,...] [--write] | --picture
          --rounds N  run every contender N times (default: 5, with --quick 3)
          --quick     a tenth of the rows: shows that everything runs, its figures are rough
          --unix      connect by Unix sockets, not by TCP
          --only SUITE,...
                      run only these: \(Suite.allCases.map(\.rawValue).joined(separator: ", "))
          --write     write Tests/Bench/RESULTS.md and Tests/Bench/results.svg; run in the package's directory.
                      With --only: put what was measured in its place on the page that there is
          --picture   write Tests/Demo/display.svg, what a run looks like on a terminal, and measure nothing

        """

    /// A tenth of everything.
    var isQuick = false
    /// How clients connect.
    var way = ConnectionWay.tcp
    /// What is run.
    var suites = Set(Suite.allCases)
    /// Write the page and the chart.
    var writes = false
    /// Only the picture is wanted.
    var wantsPicture = false
    /// Only the help is wanted.
    var wantsHelp = false
    private var wantedRounds: Int?

    /// How often each contender runs.
    var rounds: Int { wantedRounds ?? (isQuick ? 3 : 5) }

    /// What these arguments say; nil when they make no sense.
    init?(_ arguments: [String]) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--quick": isQuick = true
            case "--unix": way = .unix
            case "--write": writes = true
            case "--help": wantsHelp = true
            case "--picture": wantsPicture = true
            case "--only":
                guard let suites = rest.popFirst().flatMap(Suite.named) else { return nil }
                self.suites = suites
            case "--rounds":
                guard let count = rest.popFirst().flatMap({ Int($0) }), count > 0 else { return nil }
                wantedRounds = count
            default: return nil
            }
        }
    }

    /// A number of rows, or of bytes, as large as this run wants it.
    func scaled(_ count: Int) -> Int { isQuick ? count / 10 : count }

    /// Whether all is run.
    var isWhole: Bool { suites.count == Suite.allCases.count }

    /// The options that were given, as one would type them.
    var words: String {
        [isQuick ? "--quick" : nil, way == .unix ? "--unix" : nil, wantedRounds.map { "--rounds \($0)" }]
            .compactMap { $0 }.joined(separator: " ")
    }
}
