// Results of a batch as lines on stdout, errors in full on stderr.

internal import CopyCore

/// Writes a line per row and statement; see the manual for their shapes.
final class ExecReport: BatchSink {
    let output: TextOutput
    private let console: Console
    private let labels: [String]
    /// The labels as the first field of a line, its tab included.
    private let fields: [[UInt8]]
    private let verbosity: Verbosity
    /// Something is committed; something may be.
    private(set) var hasCommitted = false
    private(set) var isInDoubt = false
    /// The sessions at which something failed.
    private var failing: Set<Int> = []
    /// The sessions whose loss was told.
    private var lost: Set<Int> = []

    init(_ labels: [String], _ output: TextOutput, _ console: Console, _ verbosity: Verbosity) {
        self.labels = labels
        self.console = console
        self.output = output
        self.verbosity = verbosity
        fields = labels.map { label in
            var field: [UInt8] = []
            TextRow.append(value: label, to: &field)
            return field + [Self.tab]
        }
    }

    private static let tab = UInt8(ascii: "\t")

    func receive(_ event: BatchEvent) {
        switch event {
        case .row(let row, _, let session): rows(row, session)
        case .ended(let statement, let outcome, let session): ended(statement, outcome, at: session)
        case .commitFailed(let error, let statement, let session):
            commitFailed(error, behind: statement, at: session)
        case .leftOpen(let session): leftOpen(at: session)
        case .committed(let statement, let session): committed(through: statement, at: session)
        case .inDoubt(let statements, let session): inDoubt(statements, at: session)
        }
    }

    // MARK: Lines

    private func rows(_ result: QueryResult, _ session: Int) {
        for row in 0..<result.rowCount {
            output.pending += fields[session]
            for column in 0..<result.columnCount {
                output.pending.append(Self.tab)
                result.withValue(row, column) { TextRow.append(value: $0, to: &output.pending) }
            }
            output.pending.append(UInt8(ascii: "\n"))
        }
    }

    private func ended(_ statement: BatchStatement, _ outcome: Result<QueryResult, any Error>, at session: Int) {
        switch outcome {
        case .success(let result):
            rows(result, session)
            if verbosity != .quiet { line(session, result.commandTag) }
        case .failure(PgcopyError.Code.aborted):
            line(session, "NOT RUN")
        case .failure(let error):
            failed(error, session)
            // Everything under way fails with its connection; that is told once.
            if error.has(.connectionLost), !lost.insert(session).inserted { return }
            tell(session, "statement \(statement.number), line \(statement.line): ", error)
        }
    }

    private func commitFailed(_ error: PgcopyError, behind statement: Int, at session: Int) {
        if error.code == .connectionLost, !lost.insert(session).inserted { return }
        failed(error, session)
        tell(session, "commit behind statement \(statement): ", error)
    }

    private func leftOpen(at session: Int) {
        let message = "the last transaction was not ended: everything in it is rolled back"
        line(session, "ERROR", "", message)
        console.message("\(labels[session]): ERROR: \(message)" + (failing.contains(session) ? "" : "; COMMIT ends it"))
    }

    private func committed(through statement: Int, at session: Int) {
        hasCommitted = true
        console.message(
            "\(labels[session]): what was sent up to statement \(statement) is committed, but for what failed or was rolled back; "
                + "its results could not be written")
    }

    private func inDoubt(_ statements: ClosedRange<Int>, at session: Int) {
        isInDoubt = true
        console.message(
            "\(labels[session]): statements \(statements.lowerBound) to \(statements.upperBound) may have been "
                + "committed: the connection was lost before the server could say so")
    }

    private func failed(_ error: any Error, _ session: Int) {
        failing.insert(session)
        let server = ErrorLines.serverMessage(error)
        let state = server?.sqlState ?? (error as? PgcopyError == .copyInBatch ? "0A000" : "")
        // libpq adds advice in lines of its own.
        line(session, "ERROR", state, server?.message ?? ErrorLines.of(error).first ?? "")
    }

    private func line(_ session: Int, _ values: String...) {
        output.pending += fields[session]
        for (index, value) in values.enumerated() {
            if index > 0 { output.pending.append(Self.tab) }
            TextRow.append(value: value, to: &output.pending)
        }
        output.pending.append(UInt8(ascii: "\n"))
    }

    // MARK: Messages

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
