// What becomes of a batch: results on stdout in the format that was asked for, errors in full on stderr.

internal import CopyCore

/// Hears of everything, and says what belongs where.
final class ExecReport: BatchSink {
    let output: TextOutput
    private let writer: any ExecWriter
    private let console: Console
    private let labels: [String]
    private let verbosity: Verbosity
    private let tellsTime: Bool
    /// Something is committed; something may be.
    private(set) var hasCommitted = false
    private(set) var isInDoubt = false
    /// The sessions at which something failed.
    private var failing: Set<Int> = []
    /// The sessions whose loss was told.
    private var lost: Set<Int> = []
    /// Of each session, the first statement that was passed over since the last that was not, and how many were.
    private var skipped: [(first: BatchStatement, count: Int)?]

    /// - Parameter isShown: what goes to stdout and stderr is read by one person: rows that came before a message are to be before it.
    init(
        _ labels: [String], _ output: TextOutput, _ console: Console, _ verbosity: Verbosity,
        format: ExecFormat = .text, tellsTime: Bool = false, isShown: Bool = false
    ) {
        self.labels = labels
        let poller = SystemPoller()
        self.console = isShown ? console.behind { _ = try? output.writeRest(until: poller.now, poller) } : console
        self.output = output
        self.verbosity = verbosity
        self.tellsTime = tellsTime
        writer = format.writer(labels, output, tellsTags: verbosity != .quiet)
        skipped = labels.map { _ in nil }
    }

    func receive(_ event: BatchEvent) {
        switch event {
        case .row(let row, let statement, let session): writer.rows(row, of: statement, at: session)
        case .ended(let statement, let outcome, let session): ended(statement, outcome, at: session)
        case .commitFailed(let error, let statement, let session):
            commitFailed(error, behind: statement, at: session)
        case .answered(let statements, let duration, let session):
            tellSkipped(session)
            if tellsTime { took(duration, statements, at: session) }
        case .stopped(let statement, let session): stopped(behind: statement, at: session)
        case .leftOpen(let session): leftOpen(at: session)
        case .committed(let statement, let session): committed(through: statement, at: session)
        case .inDoubt(let statements, let session): inDoubt(statements, at: session)
        case .over(let session):
            tellSkipped(session)
            writer.end(session)
        }
    }

    private func ended(_ statement: BatchStatement, _ outcome: Result<QueryResult, any Error>, at session: Int) {
        if case .failure(PgcopyError.Code.aborted) = outcome {
            skipped[session] = (skipped[session]?.first ?? statement, (skipped[session]?.count ?? 0) + 1)
            return
        }
        tellSkipped(session)
        switch outcome {
        case .success(let result):
            if result.rowCount > 0 { writer.rows(result, of: statement, at: session) }
            writer.done(result, of: statement, at: session)
        case .failure(let error):
            failed(ExecFailure(place: .statement(statement), error: error), session)
            // Everything under way fails with its connection; that is told once.
            if error.has(.connectionLost), !lost.insert(session).inserted { return }
            tell(session, "statement \(statement.number), line \(statement.line): ", error)
        }
    }

    private func tellSkipped(_ session: Int) {
        guard let (first, count) = skipped[session] else { return }
        skipped[session] = nil
        if writer.notRun(count, from: first, at: session) { return }
        let what = count == 1 ? "1 statement was" : "\(Units.thousands(count)) statements were"
        console.message(
            "\(labels[session]): \(what) not run, from statement \(first.number), line \(first.line) on")
    }

    private func took(_ duration: Duration, _ statements: ClosedRange<Int>, at session: Int) {
        if writer.took(duration, statements, at: session) { return }
        let (first, last) = (statements.lowerBound, statements.upperBound)
        let what = first == last ? "statement \(first)" : "statements \(first) to \(last)"
        console.message("\(labels[session]): \(what) took \(Self.milliseconds(duration))")
    }

    /// As psql tells it.
    private static func milliseconds(_ duration: Duration) -> String {
        let microseconds = Int((duration.seconds * 1_000_000).rounded())
        return "\(microseconds / 1000).\(String(microseconds % 1000 + 1000).dropFirst()) ms"
    }

    private func commitFailed(_ error: PgcopyError, behind statement: Int, at session: Int) {
        tellSkipped(session)
        if error.code == .connectionLost, !lost.insert(session).inserted { return }
        failed(ExecFailure(place: .commit(statement), error: error), session)
        tell(session, "commit behind statement \(statement): ", error)
    }

    private func stopped(behind statement: Int, at session: Int) {
        tellSkipped(session)
        writer.stopped(behind: statement, at: session)
        console.message("\(labels[session]): stopped by the error: nothing behind statement \(statement) is sent")
    }

    private func leftOpen(at session: Int) {
        tellSkipped(session)
        let message = "the last transaction was not ended: everything in it is rolled back"
        let hint = failing.contains(session) ? "" : "; COMMIT ends it"
        failed(ExecFailure(place: .end, error: PgcopyError(.usage, message)), session)
        console.message("\(labels[session]): ERROR: \(message)\(hint)")
    }

    private func committed(through statement: Int, at session: Int) {
        hasCommitted = true
        console.message(
            "\(labels[session]): what was sent up to statement \(statement) is committed, but for what failed or was rolled back; "
                + "its results could not be written")
    }

    private func inDoubt(_ statements: ClosedRange<Int>, at session: Int) {
        isInDoubt = true
        writer.inDoubt(statements, at: session)
        console.message(
            "\(labels[session]): statements \(statements.lowerBound) to \(statements.upperBound) may have been "
                + "committed: the connection was lost before the server could say so")
    }

    private func failed(_ failure: ExecFailure, _ session: Int) {
        failing.insert(session)
        writer.failed(failure, at: session)
    }

    private func tell(_ session: Int, _ place: String, _ error: any Error) {
        var lines = ErrorLines.of(error)
        if let server = ErrorLines.serverMessage(error), server.sqlState == "42601", server.message.hasSuffix(#""\""#) {
            lines.append("HINT: commands of psql's, which begin with a backslash, are not known here")
        }
        for (index, line) in lines.enumerated() {
            console.message("\(labels[session]): " + (index == 0 ? place : "  ") + line)
        }
    }

    /// Listens to what a session says beside its results.
    func listen(to session: Session) {
        // Nobody asks for notifications here, and those kept for a reader would pile up.
        session.onNotification = { _, _ in }
        if verbosity != .quiet {
            session.onNotice = { [console] session, notice in
                for (index, line) in ErrorLines.of(notice: notice).enumerated() {
                    console.message("\(session.label): " + (index == 0 ? "" : "  ") + line)
                }
            }
        }
        if verbosity == .verbose {
            session.onStatement = { [console] session, sql in console.message("\(session.label): \(sql)") }
        }
    }
}
