// `pgcopy listen`, from its options to its exit code.

internal import CopyCore
internal import Glibc

/// Listens and returns the exit code.
func runListen(_ options: ListenOptions) -> Int32 {
    let talk = ServerTalk(
        console: Console(), verbosity: options.verbosity, passwordPrompt: options.passwordPrompt)
    guard let poller = Signals.poller({ talk.console.message($0) }) else { return ExitCode.failure }
    // Ignored by whoever started us, it would hide how commands end.
    signal(SIGCHLD, SIG_DFL)
    do {
        return ExitCode.of(try listen(options, talk.console, poller))
    } catch let error as PgcopyError where error.isBrokenPipe {
        // `| head` had enough.
        return ExitCode.failure
    } catch {
        return talk.tellRefusal(error, of: .listen)
    }
}

private func listen(
    _ options: ListenOptions, _ console: Console, _ poller: SystemPoller
) throws -> Listening.Outcome {
    let links = try ServerLink.links(to: options.connections)
    let output = try TextOutput(STDOUT_FILENO)
    try output.requireWritable()
    let listening = try Listening(
        options.channels, reconnects: options.reconnect,
        connector: LinkConnector(poller, options.passwordPrompt),
        command: options.exec.map { NotificationCommand($0.bytes) }, output: output,
        sink: ListenReport(options.format, output, console, options.verbosity))
    try listening.open(links, seed: UInt64.random(in: 0 ... .max))
    defer { listening.close() }
    return try listening.run(
        until: options.timeout.map { poller.now + $0 }, onlyPending: options.timeout == .zero, count: options.count)
}
