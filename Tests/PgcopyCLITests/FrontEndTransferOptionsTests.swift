// Values of transfer's options: defaults, right ones, wrong ones.

import Testing

@testable import PgcopyCLI

@Suite("Front end: options of transfer")
struct FrontEndTransferOptionsTests {
    @Test func `two operands are enough, and the rest has its defaults`() throws {
        let options = try transfer()
        #expect(options.source == Argument("here") && options.destinations == [Argument("there")])
        #expect(
            options.tables == TablePatterns() && options.snapshot == nil && options.query == nil && options.where == nil
        )
        #expect(options.columns == nil && options.into == nil && !options.truncate)
        #expect(options.format == .auto && options.formatDetails == FormatDetails())
        #expect(options.timeout == nil && options.reconcileTries == nil && !options.keepGoing)
        #expect(options.rateLimit == nil)
        #expect(options.progress == .auto && options.interval == .seconds(1))
        #expect(options.verbosity == .normal && options.passwordPrompt == .automatic)
    }

    @Test func `all options that go together are read from one command line`() throws {
        let options = try TransferOptions(
            invocation([
                "transfer", "a", "-tpublic.t", "--where=x > 1", "--columns", "x,y", "--into", "s.u", "--truncate",
                "--format=csv", "--header", "--delimiter=;", "--null=NULL", "--quote='", "--escape=\\",
                "--encoding=LATIN1", "--timeout=2.5", "--reconcile-timeouts=3", "--keep-going", "--rate-limit=10M",
                "--progress=json", "--interval=0", "-v", "-w", "b", "c",
            ])
        )
        #expect(options.source == Argument("a") && options.destinations == arguments(["b", "c"]))
        #expect(options.tables.tables == ["public.t"] && options.where == "x > 1" && options.columns == "x,y")
        #expect(options.into == "s.u" && options.truncate && options.format == .csv)
        #expect(options.formatDetails.header && options.formatDetails.delimiter == UInt8(ascii: ";"))
        #expect(options.formatDetails.null == "NULL" && options.formatDetails.quote == UInt8(ascii: "'"))
        #expect(options.formatDetails.escape == UInt8(ascii: "\\") && options.formatDetails.encoding == "LATIN1")
        #expect(options.timeout == .milliseconds(2500) && options.reconcileTries == 3 && options.keepGoing)
        #expect(options.rateLimit == 10 << 20 && options.progress == .json && options.interval == .zero)
        #expect(options.verbosity == .verbose && options.passwordPrompt == .never)
    }

    @Test func `tables and schemas are selected by many patterns`() throws {
        let options = try transfer("-t", "a*", "--table=b", "-T", "*_old", "-Tc", "--exclude-schema=tmp")
        #expect(options.tables.tables == ["a*", "b"] && options.tables.excludedTables == ["*_old", "c"])
        #expect(options.tables.schemas.isEmpty && options.tables.excludedSchemas == ["tmp"])
        let schemas = try transfer("-n", "x", "--schema=y*", "-N", "z")
        #expect(schemas.tables.schemas == ["x", "y*"] && schemas.tables.excludedSchemas == ["z"])
        #expect(try transfer("--all-tables", "-T", "a").tables.all)
        for option in ["-Ta", "--exclude-schema=a"] {
            #expect(try #require(transferError(option)).contains("leaves out of what?"))
        }
        #expect(try #require(transferError("-t", "")) == "option --table: its value is empty")
    }

    @Test func `reconciling implies a timeout`() throws {
        #expect(try transfer("--reconcile-timeouts").reconcileTries == 10)
        #expect(try transfer("--reconcile-timeouts").timeout == .seconds(30))
        #expect(try transfer("--reconcile-timeouts=1", "--timeout=5").timeout == .seconds(5))
        #expect(try transfer("--timeout=5").reconcileTries == nil)
        for wrong in ["0", "-1", "x", "", "1.5", "99999999999999999999"] {
            let message = try #require(transferError("--reconcile-timeouts=\(wrong)"))
            #expect(message == "option --reconcile-timeouts: \"\(wrong)\" is not a whole number from 1 on")
        }
    }

    @Test(arguments: [("1", 1), ("0.25", 0.25), (".5", 0.5), ("3.", 3), ("0010", 10)] as [(String, Double)])
    func `seconds may have a fraction`(_ text: String, _ value: Double) throws {
        #expect(try transfer("--timeout", text).timeout == .seconds(value))
        #expect(try transfer("--interval", text).interval == .seconds(value))
    }

    @Test(arguments: ["", ".", "-1", "1e3", "0x10", "inf", "nan", "1s", " 1", "1.2.3", "9999999", "\u{0661}"])
    func `what is no number of seconds is refused`(_ text: String) throws {
        #expect(try #require(transferError("--timeout", text)).hasPrefix("option --timeout: "))
        #expect(try #require(transferError("--interval", text)).hasPrefix("option --interval: "))
    }

    @Test func `a timeout of nothing is wrong, an interval of nothing is every cycle`() throws {
        #expect(transferError("--timeout=0") == "option --timeout: \"0\" is not a number of seconds greater than 0")
        #expect(transferError("--timeout=0.0") != nil)
        #expect(try transfer("--interval=0").interval == .zero)
    }

    static let rightSizes: [(String, Int)] = [
        ("1", 1), ("100B", 100), ("1k", 1024), ("1K", 1024), ("2kB", 2048), ("1KiB", 1024), ("1M", 1_048_576),
        ("1MB", 1_048_576), ("1MiB", 1_048_576), ("3G", 3_221_225_472), ("1GB", 1_073_741_824),
        ("1GiB", 1_073_741_824), ("1.5k", 1536), ("8388607T", 9_223_370_937_343_148_032),
    ]

    @Test(arguments: rightSizes)
    func `sizes are powers of 1024`(_ text: String, _ bytes: Int) throws {
        #expect(try transfer("--rate-limit=\(text)").rateLimit == bytes)
    }

    @Test(arguments: ["", "0", "0.5", "-1", "k", "1x", "1 MB", "1mb", "1MBs", "99999999T", "1e6", "0x1M", ".k"])
    func `what is no size, or none at all, is refused`(_ text: String) throws {
        #expect(try #require(transferError("--rate-limit=\(text)")).hasPrefix("option --rate-limit: "))
    }

    @Test func `a number of rows is a whole number from 0 on`() throws {
        #expect(try transfer().expectRows == nil && !transfer().allowUnterminated)
        #expect(try transfer("--expect-rows=0").expectRows == 0)
        #expect(try transfer("--expect-rows", "47", "--allow-unterminated").expectRows == 47)
        #expect(try transfer("--allow-unterminated").allowUnterminated)
        for wrong in ["", "-1", "1.5", "many", "99999999999999999999"] {
            #expect(
                transferError("--expect-rows=\(wrong)") == "option --expect-rows: \"\(wrong)\" is not a number of rows")
        }
    }

    @Test func `quiet reports nothing unless asked`() throws {
        #expect(try transfer("-q").progress == .none && transfer("-q").verbosity == .quiet)
        #expect(try transfer("-q", "--progress=json").progress == .json)
        #expect(try transfer("-W").passwordPrompt == .always)
    }

    @Test(arguments: ["table", "query", "where", "columns", "into", "encoding"])
    func `empty names are wrong`(_ name: String) {
        #expect(transferError("--\(name)=") == "option --\(name): its value is empty")
    }

    @Test(arguments: ["query", "where", "null", "encoding", "timeout"])
    func `a value that is read as text must be UTF-8`(_ name: String) throws {
        let words = [Argument("transfer"), Argument(bytes: Array("--\(name)=".utf8) + [0x61, 0xFF])]
        let request = try Parser.parse(words + arguments(["a", "b"]))
        guard case .run(let invocation) = request else {
            Issue.record("\(request)")
            return
        }
        let error = #expect(throws: UsageError.self) { try TransferOptions(invocation) }
        #expect(error?.message == "option --\(name): its value is not valid UTF-8")
    }

    @Test func `the metrics file is a plain file's name`() throws {
        #expect(try transfer("--metrics-file", "a.prom").metricsFile == Argument("a.prom"))
        #expect(try transfer("--metrics-file=./-").metricsFile == Argument("./-"))
        #expect(try transfer("-q").metricsFile == nil)
        #expect(transferError("--metrics-file=") == "option --metrics-file: its value is empty")
        #expect(transferError("--metrics-file", "-")?.contains("stdout cannot be replaced") ?? false)
        for connection in ["postgresql://u:p@h/d", "host=h password=x"] {
            let words = "the value given looks like a connection; a file's name begins with / or ./"
            #expect(transferError("--metrics-file", connection) == "option --metrics-file: " + words)
        }
    }

    @Test func `a choice that does not exist is told with those that do`() {
        #expect(
            transferError("--format=cvs")
                == "option --format: \"cvs\" is none of auto, text, csv, binary; did you mean csv?")
        #expect(
            transferError("--progress", "lines")
                == "option --progress: \"lines\" is none of auto, bar, plain, json, none")
        #expect(transferError("--format=") == "option --format: \"\" is none of auto, text, csv, binary")
    }
}
