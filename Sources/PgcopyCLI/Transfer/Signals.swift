// SIGINT, SIGTERM and SIGHUP, made visible to the poll.

internal import CopyCore
internal import Glibc

/// The signals that stop a transfer.
enum Signals {
    private static let interruption = Interruption()

    /// From now on these signals raise the interruption returned instead of ending the process.
    static func catchStopping() -> Interruption? {
        // Made here, never inside the handler.
        guard let interruption else { return nil }
        catchSignal(SIGINT)
        catchSignal(SIGTERM)
        // nohup asked for this one to be ignored.
        if !isIgnored(SIGHUP) { catchSignal(SIGHUP) }
        return interruption
    }

    private static func catchSignal(_ number: CInt) {
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_handler = { Signals.interruption?.raise($0) }
        // No SA_RESTART: a call that waits returns and looks.
        unsafe sigaction(number, &action, nil)
    }

    private static func isIgnored(_ number: CInt) -> Bool {
        var action = sigaction()
        unsafe sigaction(number, nil, &action)
        return unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }
}
