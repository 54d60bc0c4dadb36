// The way from arguments to an exit code.

internal import CopyCore
internal import Glibc

/// The command line program.
public struct CLI {
    private let output: TextOutput
    private let error: TextOutput
    private let transfer: (TransferOptions) -> Int32

    /// A program on these streams; `transfer` runs what the command of that name asks for.
    init(
        output: TextOutput = TextOutput(blocking: STDOUT_FILENO),
        error: TextOutput = TextOutput(blocking: STDERR_FILENO),
        transfer: @escaping (TransferOptions) -> Int32 = runTransfer
    ) {
        self.output = output
        self.error = error
        self.transfer = transfer
    }

    /// Does what the arguments (without the program's name) ask for; returns the exit code.
    public static func run(_ arguments: [Argument]) -> Int32 {
        _ = ProgramClock.start
        IgnoredSignals.ignore()
        // The completion scripts' own: no command of a user's.
        if arguments.first?.text == "__complete" { return runComplete(Array(arguments.dropFirst())) }
        return CLI().run(arguments)
    }

    /// As the static one, on these streams.
    func run(_ arguments: [Argument]) -> Int32 {
        do throws(UsageError) {
            switch try Parser.parse(arguments) {
            case .run(let invocation): return try dispatch(invocation)
            case .help(let command): return show(help(command))
            case .version: return show("pgcopy \(Version.current)\n")
            }
        } catch {
            if Parser.asksForRecords(arguments) {
                JSONReport(Console { tell($0) }, source: nil).refuse(error.message, exitCode: ExitCode.usage)
            } else {
                tell(error.text)
            }
            return ExitCode.usage
        }
    }

    private func dispatch(_ invocation: Invocation) throws(UsageError) -> Int32 {
        switch invocation.command.name {
        case .transfer:
            return transfer(try TransferOptions(invocation))
        case .listen:
            return runListen(try ListenOptions(invocation))
        case .notify:
            return runNotify(try NotifyOptions(invocation))
        case .exec:
            return runExec(try ExecOptions(invocation))
        case .snapshot:
            return runSnapshot(try SnapshotOptions(invocation))
        case .completions:
            // The parser let only the names of shells through.
            guard let shell = Shell(rawValue: invocation.operands[0].text) else { return ExitCode.usage }
            return show(CompletionScript.text(for: shell))
        case .help:
            return show(help(invocation.operands.first.flatMap { CommandTable.command($0.text) }))
        }
    }

    private func help(_ command: CommandSpec?) -> String {
        let width = terminalWidth ?? HelpText.usualWidth
        return command.map { HelpText.command($0, width: width) } ?? HelpText.overview(width: width)
    }

    private func show(_ text: String) -> Int32 {
        do {
            try output.write(Array(text.utf8))
            return ExitCode.success
        } catch {
            // `| head` had enough, which is not an error.
            if let error = error as? PgcopyError, error.code == .system, !error.isBrokenPipe {
                tell("pgcopy: could not write to stdout: \(error.systemWords)\n")
            }
            return ExitCode.failure
        }
    }

    private func tell(_ text: String) { try? error.write(Array(text.utf8)) }

    /// The columns that COLUMNS says, or those of the terminal that stdout is; nil where it is none.
    private var terminalWidth: Int? {
        if let text = unsafe getenv("COLUMNS"), let columns = Int(unsafe String(cString: text)), columns > 0 {
            return columns
        }
        var size = winsize()
        guard unsafe ioctl(output.descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}
