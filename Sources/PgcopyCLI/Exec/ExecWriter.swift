// The shapes that results of a batch take on stdout.

internal import CopyCore

/// Writes what becomes of statements, in one of the formats. A session goes by its place.
protocol ExecWriter: AnyObject {
    /// Rows of a result, in the order in which they come.
    func rows(_ result: QueryResult, of statement: BatchStatement, at session: Int)
    /// A statement is done, and its rows are written. The result knows its columns and the tag.
    func done(_ result: QueryResult, of statement: BatchStatement, at session: Int)
    /// A statement failed, or a commit, or what was left open was rolled back.
    func failed(_ failure: ExecFailure, at session: Int)
    /// Statements were passed over. True: that is written, and needs not be told elsewhere.
    func notRun(_ count: Int, from first: BatchStatement, at session: Int) -> Bool
    /// Statements up to a synchronization point took so long. True as above.
    func took(_ duration: Duration, _ statements: ClosedRange<Int>, at session: Int) -> Bool
    /// Nothing more is sent.
    func stopped(behind statement: Int, at session: Int)
    /// Nobody knows whether these were committed.
    func inDoubt(_ statements: ClosedRange<Int>, at session: Int)
    /// Nothing comes of this session any more.
    func end(_ session: Int)
}

extension ExecWriter {
    func failed(_ failure: ExecFailure, at session: Int) {}
    func notRun(_ count: Int, from first: BatchStatement, at session: Int) -> Bool { false }
    func took(_ duration: Duration, _ statements: ClosedRange<Int>, at session: Int) -> Bool { false }
    func stopped(behind statement: Int, at session: Int) {}
    func inDoubt(_ statements: ClosedRange<Int>, at session: Int) {}
    func end(_ session: Int) {}
}

/// What failed, and why.
struct ExecFailure {
    /// What it was.
    enum Place {
        case statement(BatchStatement)
        /// The commit behind this statement.
        case commit(Int)
        /// The transaction that was still open at the end.
        case end
    }

    let place: Place
    let error: any Error

    /// Empty where no server spoke.
    var sqlState: String {
        ErrorLines.serverMessage(error)?.sqlState ?? (error as? PgcopyError == .copyInBatch ? "0A000" : "")
    }

    /// libpq adds advice in lines of its own.
    var message: String { ErrorLines.serverMessage(error)?.message ?? ErrorLines.of(error).first ?? "" }
}

extension ExecFormat {
    /// A writer of this format.
    func writer(_ labels: [String], _ output: TextOutput, tellsTags: Bool) -> any ExecWriter {
        switch self {
        case .text: ExecText(labels, output, tellsTags: tellsTags)
        case .csv: ExecCSV(labels, output)
        case .json: ExecJSON(labels, output, tellsTags: tellsTags)
        case .aligned: ExecAligned(labels, output, tellsTags: tellsTags)
        }
    }
}

extension QueryResult {
    /// The values of a row, nil for NULL.
    func values(_ row: Int) -> [[UInt8]?] {
        (0..<columnCount).map { column in
            withValue(row, column) { value in
                guard let value else { return nil }
                return unsafe value.withUnsafeBytes { unsafe Array($0) }
            }
        }
    }

    /// The names of its columns, as the server has them.
    var columnNames: [[UInt8]] { (0..<columnCount).map { RawText.bytes(of: columnName($0)) } }

    /// It has rows, be they none, and columns, be they none.
    var hasRows: Bool { status == .tuplesOK }
}
