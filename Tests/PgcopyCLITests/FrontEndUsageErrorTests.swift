// What a mistaken command line is told.

import Testing

@testable import PgcopyCLI

@Suite("Front end: usage errors")
struct FrontEndUsageErrorTests {
    @Test(arguments: [
        ("--formt=csv", "--format"), ("--tuncate", "--truncate"), ("--time-out", "--timeout"),
        ("--colums", "--columns"), ("--qeury", "--query"), ("--keepgoing", "--keep-going"),
        ("--reconcile-timeout5", "--reconcile-timeouts"), ("--progres=x", "--progress"), ("--Verbose", "--verbose"),
    ]
    )
    func `a misspelt option gets the nearest right one`(_ typed: String, _ meant: String) throws {
        guard typed != "--progres=x" else {
            // A prefix is an abbreviation, so here it is the value that is wrong.
            #expect(transferError(typed) == "option --progress: \"x\" is none of auto, bar, plain, json, none")
            return
        }
        let name = try #require(typed.split(separator: "=").first)
        #expect(transferError(typed) == "unknown option \(name); did you mean \(meant)?")
    }

    @Test(arguments: ["--zzzzzz", "--x", "--vacuum"])
    func `nothing is suggested where nothing is near`(_ typed: String) {
        #expect(transferError(typed) == "unknown option \(typed)")
    }

    @Test func `a misspelt command gets the nearest right one, and an option in its place is told`() {
        #expect(usageError(["tranfser", "a", "b"]) == "unknown command \"tranfser\"; did you mean transfer?")
        #expect(usageError(["hlep"]) == "unknown command \"hlep\"; did you mean help?")
        #expect(usageError(["frobnicate"]) == "unknown command \"frobnicate\"")
        #expect(usageError(["--table=t"]) == "option --table comes after a command: pgcopy transfer --table")
        #expect(usageError(["--verison"]) == "unknown option --verison; did you mean --version?")
        #expect(usageError(["help", "transfr"])?.hasSuffix("; did you mean transfer?") == true)
    }

    @Test func `an unknown letter gets the option that was meant, if there is one`() {
        #expect(transferError("-Q", "x") == "unknown option -Q; did you mean -q?")
        #expect(transferError("-quiet") == "unknown option -quiet; did you mean --quiet?")
        #expect(transferError("-x") == "unknown option -x")
        #expect(
            transferError("-\u{7}") == "unknown option -\\u{0007}"
                || transferError("-\u{7}") == "unknown option -\\u{07}")
    }

    @Test func `missing and superfluous operands are named`() {
        #expect(usageError(["transfer"]) == "transfer needs SOURCE and DESTINATION")
        #expect(usageError(["transfer", "a"]) == "transfer needs DESTINATION")
        #expect(
            usageError(["transfer", "a", "-t", "b"]) == "transfer needs DESTINATION; \"b\" is the value of --table")
        #expect(usageError(["transfer", "a", "-tb"]) == "transfer needs DESTINATION")
        #expect(usageError(["transfer", "-t", "b", "a"]) == "transfer needs DESTINATION")
        #expect(
            usageError(["exec", "--sync-every", "dbname=x password=y"])
                == "exec needs CONNECTION; the last word is the value of --sync-every")
        #expect(usageError(["completions"]) == "completions needs SHELL")
        #expect(usageError(["completions", "tcsh"]) == "SHELL: \"tcsh\" is none of bash, zsh, fish")
        #expect(usageError(["completions", "bash", "zsh"]) == "completions: \"zsh\" is one operand too many")
        #expect(usageError(["help"]) == nil)
    }

    @Test(arguments: [
        ["-w", "-W"], ["--table=t", "--query=q"], ["--where=x", "--query=q"],
        ["-q", "-v"],
    ]
    )
    func `options that conflict are told in either order`(_ words: [String]) throws {
        for words in [words, words.reversed()] {
            let message = try #require(transferError(words[0], words[1]))
            #expect(message.contains(" cannot be given together with --"))
        }
        #expect(transferError(words[0]) == nil)
        #expect(transferError(words[1]) == nil)
    }

    @Test func `the text names the help to read, and shows the usage where there is no command`() throws {
        let unknown = #expect(throws: UsageError.self) { try Parser.parse(arguments(["transfer", "--formt"])) }
        #expect(
            unknown?.text
                == "pgcopy: unknown option --formt; did you mean --format?\nTry \"pgcopy transfer --help\".\n"
        )
        let empty = #expect(throws: UsageError.self) { try Parser.parse([]) }
        #expect(empty?.text.contains("\n  pgcopy transfer [OPTION]... SOURCE DESTINATION...\n") == true)
        #expect(empty?.text.hasSuffix("Try \"pgcopy --help\".\n") == true)
    }

    @Test(arguments: [
        ["postgresql://u:s3cret@h/d", "b"], ["password=s3cret"],
        ["transfer", "--timeout", "postgres://u:s3cret@h/d", "b", "c"],
        ["transfer", "--format", "host=h password=s3cret", "b", "c"],
        ["transfer", "--dbname=postgres://u:s3cret@h/d"],
        ["transfer", "--password=s3cret", "a", "b"], ["completions", "bash", "postgres://u:s3cret@h/d"],
        ["completions", "postgres://u:s3cret@h/d"], ["transfer", "--interval=u:s3cret@h", "a", "b"],
        ["transfer", "-dpostgres://u:s3cret@h/d"], ["--dbname=postgres://u:s3cret@h/d"],
        ["transfer", "--rate-limit", "postgres://u:s3cret@h/d", "a", "b"], ["help", "postgres://u:s3cret@h/d"],
    ]
    )
    func `a password that stands in a wrong place is not repeated`(_ words: [String]) throws {
        let message = try #require(usageError(words))
        #expect(!message.contains("s3cret"), "\(message)")
    }

    @Test(arguments: [
        ["transfer", "-h", "localhost", "a", "b"], ["transfer", "a", "b", "-h"], ["transfer", "-h", "a"],
        ["transfer", "-qh", "localhost", "a"], ["transfer", "-hlocalhost"], ["transfer", "-qhdb1", "a", "b"],
        ["transfer", "-h", "db1", "-p", "5433", "-U", "bob", "a", "b"], ["transfer", "-h", "--", "a"],
        ["transfer", "-h", "db1", "--nonsense"], ["listen", "-h", "localhost", "-c", "x", "db"],
        ["notify", "-c", "x", "db", "-h"], ["exec", "-h", "localhost", "-c", "SELECT 1", "db"],
        ["-h", "localhost", "transfer", "a", "b"], ["-h", "localhost"], ["-hlocalhost", "transfer"],
        ["-h", "transfer", "a", "b"],
    ]
    )
    func `psql's -h beside operands says that it is help and where a host goes`(_ words: [String]) throws {
        let message = try #require(usageError(words), "\(words)")
        #expect(
            message == "-h is help here; a host goes into the connection: postgresql://HOST/DATABASE, "
                + "or \"host=HOST dbname=DATABASE\"")
    }

    @Test(arguments: [["completions", "bash", "-h"], ["help", "-h", "exec"]])
    func `-h beside operands of other commands is an error, too`(_ words: [String]) {
        #expect(usageError(words) == "-h is help, and takes no operand beside it")
    }

    @Test(arguments: [
        ["transfer", "-h"], ["exec", "-h"], ["transfer", "-qh"], ["transfer", "-hq"],
        ["transfer", "-h", "--nonsense"],
        ["transfer", "-h", "-t", "x"], ["transfer", "a", "b", "--help"], ["transfer", "-h", "a", "b", "--help"],
        ["transfer", "a", "-?"], ["-h"], ["-h", "transfer"], ["--help", "localhost"], ["completions", "-h"],
    ]
    )
    func `-h alone, and --help beside anything, are help`(_ words: [String]) throws {
        guard case .help = try Parser.parse(arguments(words)) else {
            Issue.record("\(words) shows no help")
            return
        }
    }

    @Test(
        arguments: [
            (["-p", "5433"], "-p", "postgresql://HOST:PORT/DATABASE"), (["-p5433"], "-p", "port=PORT"),
            (["-U", "bob"], "-U", "postgresql://USER@HOST/DATABASE"), (["-Ubob"], "-U", "user=USER"),
            (["-d", "db"], "-d", "a database is an operand"), (["-ddb"], "-d", "DATABASE"),
            (["-qU", "bob"], "-U", "USER"), (["--host=db1"], "--host", "postgresql://HOST/DATABASE"),
            (["--host", "db1"], "--host", "HOST"), (["--port=1"], "--port", "PORT"),
            (["--username", "bob"], "--username", "USER"), (["--dbname=db"], "--dbname", "DATABASE"),
        ] as [([String], String, String)]
    )
    func `psql's other letters and names say where their values go`(
        _ words: [String], _ option: String, _ place: String
    ) throws {
        for command in ["transfer", "listen", "notify", "exec"] {
            let message = try #require(usageError([command] + words + ["a", "b"]))
            #expect(message.hasPrefix("unknown option \(option); ") && message.contains(place), "\(message)")
        }
    }

    @Test func `an optional value that is detached is told, where there are operands enough without it`() {
        #expect(
            usageError(["transfer", "--reconcile-timeouts", "5", "a", "b"])
                == "option --reconcile-timeouts takes its value behind an equals sign: --reconcile-timeouts=5; "
                + "where \"5\" is the source, it is written dbname=5")
        #expect(
            usageError(["transfer", "a", "--reconcile-timeouts", "5", "b"])
                == "option --reconcile-timeouts takes its value behind an equals sign: --reconcile-timeouts=5; "
                + "\"5\" is an operand here")
        #expect(usageError(["transfer", "--reconcile-timeouts", "a", "b", "c"]) == nil)
        #expect(usageError(["transfer", "--reconcile-timeouts=5", "5", "a", "b"]) == nil)
        #expect(usageError(["transfer", "--reconcile-timeouts", "dbname=5", "a", "b"]) == nil)
    }

    @Test func `a control character is not repeated as it is`() throws {
        let message = try #require(usageError(["tran\u{1B}[31m"]))
        #expect(!message.contains("\u{1B}"))
    }
}
