// `pgcopy snapshot`, from its options to its exit code.

internal import CopyCore
internal import Glibc

/// Exports a snapshot, holds it, and returns the exit code.
func runSnapshot(_ options: SnapshotOptions) -> Int32 {
    let talk = ServerTalk(
        console: Console(), verbosity: options.verbosity, passwordPrompt: options.passwordPrompt)
    guard let poller = Signals.poller({ talk.console.message($0) }) else { return ExitCode.failure }
    do {
        let selection = try options.tables.selection()
        var links = [try ServerLink(Endpoint(parsing: options.source.bytes))]
        let session = try talk.connector(poller).openPinned(&links)[0]
        let snapshot = try HeldSnapshot(on: session, locking: selection)
        defer { snapshot.end() }
        do {
            try TextOutput(blocking: STDOUT_FILENO).write(Array("\(snapshot.identifier)\n".utf8))
        } catch {
            talk.console.message("cannot write to stdout: \(error)")
            return ExitCode.failure
        }
        try snapshot.hold(until: isHeldByStandardInput ? STDIN_FILENO : nil)
        return ExitCode.success
    } catch let failure as PgcopyError
        where [.server, .connectionLost, .refused].contains(failure.code) && failure.causes.isEmpty
    {
        talk.tell(failure.endpoint ?? "", failure)
        return ExitCode.failure
    } catch {
        return talk.tellRefusal(error, of: .snapshot)
    }
}

/// Somebody can close it: a background job of a shell has /dev/null.
private var isHeldByStandardInput: Bool {
    var status = stat()
    guard unsafe fstat(STDIN_FILENO, &status) == 0 else { return false }
    return [S_IFIFO, S_IFSOCK].contains(status.st_mode & S_IFMT) || isatty(STDIN_FILENO) == 1
}
