// A user's command, run for a notification.

internal import Glibc

/// Runs a shell command with a notification as its data: on stdin and in the environment, never in the command's text.
///
/// PGCOPY_CHANNEL, PGCOPY_PAYLOAD and PGCOPY_PID hold the notification; stdin is the payload, as it is. A command
/// that does not read it is fine. SIGPIPE is to be ignored and SIGCHLD to be left alone by the program.
public struct NotificationCommand: Sendable {
    /// How long a command may take to end after a signal was passed on to it, or its time is over.
    private static let grace = Duration.seconds(1)

    private let text: [UInt8]

    /// A command as `/bin/sh -c` takes it: any bytes but zero.
    public init(_ text: [UInt8]) { self.text = text }

    /// Runs the command to its end; gives its failure, nil when it exited with 0.
    /// - Parameter deadline: when it is ended at the latest: by SIGTERM, and where it goes on, by SIGKILL.
    /// - Throws: `Interrupted`, after the signal was passed on to the command.
    public func run(
        _ notification: Notification, until deadline: Instant? = nil, poller: any Poller
    ) throws(Interrupted) -> PgcopyError? {
        let child: ChildProcess
        do {
            var command = ChildProcess.Command.shell(text)
            command.variables = Self.variables(notification)
            // The terminal is for our own process group; without one, a group of its own can be ended as a whole.
            child = try ChildProcess(
                command, input: .bytes(RawText.bytes(of: notification.payload)),
                group: deadline != nil || !Self.hasTerminal ? .own : .ours)
        } catch {
            return .commandNotRun(error)
        }
        do throws(Interrupted) {
            guard try Self.run(child, poller, until: deadline, interruptible: true) else {
                try end(child, poller)
                return .commandTimedOut
            }
        } catch {
            child.signal(error.signal)
            try Self.run(child, poller, until: poller.now + Self.grace, interruptible: false)
            throw error
        }
        return child.status.flatMap(PgcopyError.command)
    }

    private static var hasTerminal: Bool {
        let terminal = unsafe open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        if terminal >= 0 { close(terminal) }
        return terminal >= 0
    }

    /// Ends it, whether it likes it or not.
    private func end(_ child: ChildProcess, _ poller: any Poller) throws(Interrupted) {
        child.condemn()
        for signal in [SIGTERM, SIGKILL] {
            child.signal(signal)
            if try Self.run(child, poller, until: poller.now + Self.grace, interruptible: false) { return }
        }
    }

    /// Until it has ended: true.
    @discardableResult
    private static func run(
        _ child: ChildProcess, _ poller: any Poller, until deadline: Instant?, interruptible: Bool
    ) throws(Interrupted) -> Bool {
        do {
            return try poller.run([child], until: deadline, interruptible: interruptible)
        } catch let interrupted as Interrupted {
            throw interrupted
        } catch {
            preconditionFailure("a child throws nothing")
        }
    }

    private static func variables(_ notification: Notification) -> [String] {
        [
            "PGCOPY_CHANNEL=" + notification.channel,
            "PGCOPY_PAYLOAD=" + notification.payload,
            "PGCOPY_PID=\(notification.pid)",
        ]
    }
}

extension PgcopyError.Code {
    /// A user's command failed, or was not run.
    public static let command = Self("command")
}

extension PgcopyError {
    /// It exited with this code, not 0.
    public static func commandExited(_ code: CInt) -> PgcopyError {
        PgcopyError(.command, "the command exited with code \(code)")
    }

    /// This signal ended it.
    public static func commandSignalled(_ signal: CInt) -> PgcopyError {
        PgcopyError(.command, "the command was ended by signal \(signal)")
    }

    /// It wanted the terminal while a time was set, which stopped it; it was ended.
    public static let commandStopped = PgcopyError(
        .command, "the command was ended: it uses the terminal, which it may only without a time limit")
    /// It was ended because its time was over.
    public static let commandTimedOut = PgcopyError(.command, "the command was ended: its time was over")

    /// It could not be run.
    static func commandNotRun(_ error: PgcopyError) -> PgcopyError {
        PgcopyError(.command, "the command was not run: \(error)", causes: [error])
    }

    /// Nil: it exited with 0.
    static func command(_ status: ChildProcess.Status) -> PgcopyError? {
        switch status {
        case .exited(0): nil
        case .exited(let code): commandExited(code)
        case .signalled(let signal): commandSignalled(signal)
        case .stopped: commandStopped
        case .lost(let error): commandNotRun(error)
        }
    }
}
