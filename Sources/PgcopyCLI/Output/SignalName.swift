// Names of the signals that stop a transfer.

internal import Glibc

/// Says which signal came.
enum SignalName {
    static func sentence(_ signal: CInt) -> String {
        switch signal {
        case SIGINT: "interrupted (SIGINT)"
        case SIGTERM: "terminated (SIGTERM)"
        case SIGHUP: "hung up (SIGHUP)"
        default: "stopped by signal \(signal)"
        }
    }
}
