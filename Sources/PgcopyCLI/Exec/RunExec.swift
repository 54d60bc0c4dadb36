// `pgcopy exec`, from its options to its exit code.

internal import CopyCore
internal import Glibc

/// Runs a batch of statements and returns the exit code.
func runExec(_ options: ExecOptions) -> Int32 {
    let console = Console()
    guard let poller = Signals.poller({ console.message($0) }) else { return ExitCode.failure }
    do {
        return try ExecRun(options, console, poller).run()
    } catch let interrupted as Interrupted {
        console.message(SignalName.sentence(interrupted.signal))
        return 128 + interrupted.signal
    } catch let error as PgcopyError where error.code == .usage {
        console.message("\(error)")
        console.line("Try \"pgcopy exec --help\".")
        return ExitCode.usage
    } catch {
        console.message("\(error)")
        return ExitCode.failure
    }
}

/// One run of `exec`.
private struct ExecRun {
    private let options: ExecOptions
    private let console: Console
    private let poller: SystemPoller

    init(_ options: ExecOptions, _ console: Console, _ poller: SystemPoller) {
        self.options = options
        self.console = console
        self.poller = poller
    }

    func run() throws -> Int32 {
        let links = try self.links()
        guard Pipeline.isSupported else {
            console.message("\(PgcopyError.pipelineUnsupported)")
            return ExitCode.usage
        }
        let input: BatchInput
        do {
            input = try self.input()
        } catch let error as PgcopyError where error.code == .system {
            console.message("\(fileName)\(error)")
            return ExitCode.usage
        }
        guard let sessions = try connect(links) else { return ExitCode.usage }
        let output: TextOutput
        do {
            output = try TextOutput(STDOUT_FILENO)
            // Told nothing, there may be nothing to write.
            if options.verbosity != .quiet { try output.requireWritable() }
            try output.requireReader()
        } catch {
            // What is closed is named by its own error.
            let words = "\(error)"
            console.message((words.hasPrefix("stdout ") ? "" : "stdout: ") + words + "; nothing was run")
            return ExitCode.failure
        }
        let isTerminal = isatty(STDOUT_FILENO) == 1
        let report = ExecReport(
            sessions.map(\.label), output, console, options.verbosity,
            format: options.format ?? (isTerminal ? .aligned : .text), tellsTime: options.timing,
            isShown: isTerminal && isatty(STDERR_FILENO) == 1)
        for session in sessions { report.listen(to: session) }
        // The splitter reads by the standard; a server that says so costs no round trip.
        for session in sessions
        where session.connection.parameterStatus("standard_conforming_strings") == "off" {
            try session.run("SET standard_conforming_strings = on")
            input.isOffByDefault = true
        }
        let batch = try Batch(
            input, on: sessions, syncEvery: options.syncEvery, stopsOnError: options.stopOnError, output: output,
            sink: report, poller: poller)
        do {
            return ExitCode.of(try batch.run())
        } catch let error as PgcopyError where error.code == .system && output.isLost {
            // `| head` had enough, which is not an error.
            if !error.isBrokenPipe { console.message("stdout: \(error)") }
            return codeOfLostOutput(report) ?? ExitCode.failure
        } catch let interrupted as Interrupted {
            console.message(SignalName.sentence(interrupted.signal))
            if output.isLost, let code = codeOfLostOutput(report) { return code }
            let code = ExitCode.of(batch.verdict, signal: interrupted.signal)
            // All was done, and not all of it was said.
            return code == ExitCode.success && output.lacksText ? 128 + interrupted.signal : code
        }
    }

    /// Nil: nothing was committed.
    private func codeOfLostOutput(_ report: ExecReport) -> Int32? {
        report.isInDoubt ? ExitCode.inDoubt : report.hasCommitted ? ExitCode.partial : nil
    }

    private func links() throws -> [ServerLink] {
        let endpoints = try options.connections.map { try Endpoint(parsing: $0.bytes) }
        return try Endpoint.toldApart(endpoints).map { endpoint in
            guard let link = ServerLink(server: endpoint, overrides: [("client_encoding", "UTF8")]) else {
                throw PgcopyError(.usage, "\(endpoint.label) is no server: exec takes connections")
            }
            guard case .server(_, nil) = endpoint.kind else {
                throw PgcopyError(.usage, "\(endpoint.label): exec takes a connection without a table")
            }
            return link
        }
    }

    private var fileName: String {
        if case .file(let name) = options.input {
            Redaction.redacted("file:" + name.text).dropFirst(5) + ": "
        } else {
            ""
        }
    }

    private func input() throws -> BatchInput {
        switch options.input {
        case .texts(let texts): .texts(texts)
        case .standardInput: .descriptor(STDIN_FILENO)
        case .file(let name): try .file(Path(name.bytes), poller: poller)
        }
    }

    /// Nil when not all can be reached.
    private func connect(_ links: [ServerLink]) throws -> [Session]? {
        var links = links
        do {
            return try LinkConnector(poller, options.passwordPrompt).open(&links)
        } catch let failure as PgcopyError where failure.code == .unreachable {
            for case let error as PgcopyError in failure.causes {
                let label = error.endpoint ?? ""
                for line in ErrorLines.of(error) { console.message("\(label): \(line)") }
                if label.contains(" "), !label.contains("=") {
                    console.message("\(label): was taken for a database; -c takes a statement")
                }
            }
            return nil
        }
    }
}
