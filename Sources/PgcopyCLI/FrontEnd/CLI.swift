// The way from arguments to an exit code.

internal import CopyCore
internal import Glibc

/// The command line program.
public struct CLI {
    private let output: StandardStream
    private let error: StandardStream
    private let transfer: (TransferOptions) -> Int32

    /// A program on these streams; `transfer` runs what the command of that name asks for.
    init(
        output: StandardStream = .output,
        error: StandardStream = .error,
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
            _ = self.error.write(error.text)
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
        case .completions:
            // The parser let only the names of shells through.
            guard let shell = Shell(rawValue: invocation.operands[0].text) else { return ExitCode.usage }
            return show(CompletionScript.text(for: shell))
        case .help:
            return show(help(invocation.operands.first.flatMap { CommandTable.command($0.text) }))
        }
    }

    private func help(_ command: CommandSpec?) -> String {
        let width = output.terminalWidth ?? HelpText.usualWidth
        return command.map { HelpText.command($0, width: width) } ?? HelpText.overview(width: width)
    }

    private func show(_ text: String) -> Int32 {
        switch output.write(text) {
        case .written:
            return ExitCode.success
        case .closed:
            return ExitCode.failure
        case .failed(let reason):
            _ = error.write("pgcopy: could not write to stdout: \(reason)\n")
            return ExitCode.failure
        }
    }
}
