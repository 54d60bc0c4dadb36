// Names of the signals that stop a run.

internal import Glibc

/// Says which signal came.
enum SignalName {
    /// As "interrupted (SIGINT)".
    static func sentence(_ signal: CInt) -> String {
        switch signal {
        case SIGINT: "interrupted (SIGINT)"
        case SIGTERM: "terminated (SIGTERM)"
        case SIGHUP: "hung up (SIGHUP)"
        default: "stopped by \(names[signal] ?? "signal \(signal)")"
        }
    }

    private static let names: [CInt: String] = [
        SIGQUIT: "SIGQUIT", SIGUSR1: "SIGUSR1", SIGUSR2: "SIGUSR2", SIGALRM: "SIGALRM", SIGVTALRM: "SIGVTALRM",
        SIGPROF: "SIGPROF", SIGXCPU: "SIGXCPU", SIGPOLL: "SIGPOLL", SIGSTKFLT: "SIGSTKFLT", SIGPWR: "SIGPWR",
    ]
}
