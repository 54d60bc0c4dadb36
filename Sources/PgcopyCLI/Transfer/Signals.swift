// Signals, made visible to the poll.

internal import CopyCore
internal import Glibc

/// The signals of the program.
///
/// Whatever would end the process stops the run in good order instead, but for what tells of a fault of our own
/// (SIGSEGV, SIGABRT and their like) and SIGKILL. What the parent ignored stays ignored: nohup, `trap '' INT`, a
/// shell's background job.
enum Signals {
    static let interruption = Interruption()
    private static let reports = ReportRequest()

    /// A poller that ends its wait by a stopping signal and, if asked, reports on SIGUSR1; nil, and told, where the system
    /// gives no pipe for them.
    static func poller(reporting: Bool = false, _ tell: (String) -> Void) -> SystemPoller? {
        guard let interruption = catchStopping() else {
            tell("cannot make a pipe for signals")
            return nil
        }
        return SystemPoller(interruption: interruption, reports: reporting ? catchReporting() : nil)
    }

    /// From now on these signals raise the interruption returned instead of ending the process.
    private static func catchStopping() -> Interruption? {
        // Made here, never inside the handler.
        guard let interruption else { return nil }
        for number in stopping {
            // No SA_RESTART: a call that waits returns and looks.
            catchSignal(number, flags: 0) { Signals.interruption?.raise($0) }
        }
        return interruption
    }

    /// From now on SIGUSR1 asks for a report instead, as it does with dd.
    private static func catchReporting() -> ReportRequest? {
        guard let reports else { return nil }
        catchSignal(SIGUSR1, flags: SA_RESTART) { _ in Signals.reports?.raise() }
        return reports
    }

    private static var stopping: [CInt] {
        [
            SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU, SIGPOLL,
            SIGSTKFLT, SIGPWR,
        ] + (__libc_current_sigrtmin()...__libc_current_sigrtmax())
    }

    private static func catchSignal(_ number: CInt, flags: CInt, _ handler: @escaping @convention(c) (CInt) -> Void) {
        guard !IgnoredSignals.isIgnored(number) else { return }
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_handler = handler
        action.sa_flags = flags
        unsafe sigaction(number, &action, nil)
    }
}
