// Notifications as lines on stdout, what becomes of connections and commands on stderr.

internal import CopyCore

/// Writes a line for each notification and for a gap, and tells what the options ask for.
final class ListenReport: ListenerSink {
    private let output: TextOutput
    private let console: Console
    private let record: ListenRecord
    private let verbosity: Verbosity

    init(_ format: ListenFormat, _ output: TextOutput, _ console: Console, _ verbosity: Verbosity) {
        record = ListenRecord(format: format)
        self.output = output
        self.console = console
        self.verbosity = verbosity
    }

    func receive(_ event: ListenerEvent) {
        switch event {
        case .notice(let label, let notice):
            // The last words of a server are told with the loss of its connection.
            if verbosity != .quiet, notice.severity != "FATAL", notice.severity != "PANIC" {
                console.message(ErrorLines.of(notice: notice), at: label)
            }
        case .statement(let label, let sql):
            if verbosity == .verbose { console.message("\(label): \(sql)") }
        case .listening:
            if verbosity == .verbose { console.message("listening") }
        case .notifications(let label, let notifications):
            write(notifications.map { record.line($0, at: label) }.joined())
        case .commandFailed(let label, let notification, let failure):
            console.message("\(label): channel \(Echo.printable(notification.channel)): \(failure)")
        case .lost(let label, let error, let isReopened):
            console.message(ErrorLines.of(error), at: label)
            console.message("\(label): the connection is lost" + (isReopened ? "; it is opened again" : ""))
        case .retrying(let label, let error, let delay):
            console.message(ErrorLines.of(error), at: label)
            console.message("\(label): the next try comes in \(Units.seconds(delay))")
        case .gap(let label):
            if verbosity != .quiet { console.message("\(label): listening again") }
            write(record.gap(at: label))
        case .deserted: console.message("no connection is left")
        case .idle: break
        }
    }

    /// What is no UTF-8 goes as it came.
    private func write(_ text: String) { output.pending += RawText.bytes(of: text) }
}
