// `pgcopy listen`, from its options to its exit code.

internal import CopyCore
internal import Glibc

/// Listens and returns the exit code.
func runListen(_ options: ListenOptions) -> Int32 {
    let talk = ServerTalk(
        console: Console(), verbosity: options.verbosity, passwordPrompt: options.passwordPrompt)
    guard let interruption = Signals.catchStopping() else {
        talk.console.message("cannot make a pipe for signals")
        return ExitCode.failure
    }
    // Ignored by whoever started us, it would hide how commands end.
    signal(SIGCHLD, SIG_DFL)
    do {
        let links = try options.connections.map { try ServerLink(Endpoint(parsing: $0.bytes)) }
        return try ListenRun(options, talk, SystemPoller(interruption: interruption)).run(links)
    } catch let error as PgcopyError where error.isBrokenPipe {
        // `| head` had enough.
        return ExitCode.failure
    } catch {
        return talk.tellRefusal(error, of: .listen)
    }
}

/// One run of `listen`.
private final class ListenRun {
    private let options: ListenOptions
    private let talk: ServerTalk
    private let poller: SystemPoller
    private let output: TextOutput
    private let listener: Listener
    private let record: ListenRecord
    private let command: NotificationCommand?

    private var countLeft: Int
    private var deadline: Instant?
    private var commandFailed = false

    init(_ options: ListenOptions, _ talk: ServerTalk, _ poller: SystemPoller) throws {
        self.options = options
        self.talk = talk
        self.poller = poller
        output = try TextOutput(STDOUT_FILENO)
        try output.requireWritable()
        listener = try Listener(
            options.channels, reconnects: options.reconnect, connector: talk.connector(poller))
        record = ListenRecord(format: options.format)
        command = options.exec.map { NotificationCommand($0.bytes) }
        countLeft = options.count ?? .max
    }

    func run(_ links: [ServerLink]) throws -> Int32 {
        try listener.open(links, seed: UInt64.random(in: 0 ... .max))
        defer { listener.close() }
        if options.verbosity == .verbose { talk.console.message("listening") }
        deadline = options.timeout.map { poller.now + $0 }
        while let event = try listener.next(until: deadline, orWhen: output.attention.map { [$0] } ?? []) {
            switch event {
            case .notifications(let label, let notifications):
                try take(notifications, at: label)
            case .lost(let label, let error):
                talk.tell(label, error)
                talk.console.message(
                    "\(label): the connection is lost" + (options.reconnect ? "; it is opened again" : ""))
            case .retrying(let label, let error, let seconds):
                talk.tell(label, error)
                talk.console.message("\(label): the next try comes in \(Units.seconds(seconds))")
            case .gap(let label):
                if options.verbosity != .quiet { talk.console.message("\(label): listening again") }
                try write(record.gap(at: label))
            case .idle:
                try output.requireReader()
                if isOver { return code }
            }
            // What is pending at a timeout of 0 may take its time.
            if countLeft == 0 || options.timeout != .zero && isOver { return code }
        }
        talk.console.message("no connection is left")
        return ExitCode.failure
    }

    private var isOver: Bool { deadline.map { $0 <= poller.now } ?? false }

    /// Some command failed, though everything was printed.
    private var code: Int32 { commandFailed ? ExitCode.partial : ExitCode.success }

    /// Writes at once, what is no UTF-8 as it came.
    private func write(_ text: String) throws { try output.write(RawText.bytes(of: text), poller) }

    private func take(_ notifications: [Notification], at label: String) throws {
        let taken = notifications.prefix(countLeft)
        guard let command else {
            countLeft -= taken.count
            return try write(taken.map { record.line($0, at: label) }.joined())
        }
        for notification in taken {
            try write(record.line(notification, at: label))
            if let failure = try command.run(
                notification, until: options.timeout == .zero ? nil : deadline, poller: poller)
            {
                commandFailed = true
                talk.console.message("\(label): channel \(Echo.printable(notification.channel)): \(failure)")
            }
            countLeft -= 1
            if options.timeout != .zero, isOver { return }
        }
    }
}
