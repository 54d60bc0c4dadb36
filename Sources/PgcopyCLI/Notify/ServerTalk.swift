// How `notify` talks of its servers, and what it and `listen` say of what kept them from beginning.

internal import CopyCore

/// Talks to the user about servers.
struct ServerTalk {
    let console: Console
    let verbosity: Verbosity
    let passwordPrompt: PasswordPrompt

    /// A connector that asks for passwords, and shows notices and statements, as the user wants it.
    func connector(_ poller: any Poller) -> LinkConnector {
        var connector = LinkConnector(poller, passwordPrompt)
        connector.onSession = { [self] session in
            if verbosity != .quiet {
                session.onNotice = { [self] session, notice in
                    // The last words of a server are told with the loss of its connection.
                    if notice.severity != "FATAL", notice.severity != "PANIC" {
                        console.message(ErrorLines.of(notice: notice), at: session.label)
                    }
                }
            }
            if verbosity == .verbose {
                session.onStatement = { [self] session, sql in console.message("\(session.label): \(sql)") }
            }
        }
        return connector
    }

    /// An error of a server.
    func tell(_ label: String, _ error: any Error) { console.message(ErrorLines.of(error), at: label) }

    /// Tells what went wrong before anything could begin; gives the exit code.
    func tellRefusal(_ error: any Error, of command: CommandName) -> Int32 {
        switch error {
        case let interrupted as Interrupted:
            console.message(SignalName.sentence(interrupted.signal))
            return 128 + interrupted.signal
        case let failure as PgcopyError
        where !failure.causes.isEmpty && [.unreachable, .server].contains(failure.code):
            for case let reason as PgcopyError in failure.causes { tell(reason.endpoint ?? "", reason) }
            return failure.code == .server ? ExitCode.failure : ExitCode.usage
        case PgcopyError.Code.usage:
            console.message("\(error)")
            console.line("Try \"pgcopy \(command.rawValue) --help\".")
            return ExitCode.usage
        default:
            console.message("\(error)")
            return ExitCode.failure
        }
    }
}

extension ServerLink {
    /// The servers that a command line names.
    static func links(to connections: [Argument]) throws -> [ServerLink] {
        try Endpoint.toldApart(connections.map { try Endpoint(parsing: $0.bytes) }).map { try ServerLink($0) }
    }
}
