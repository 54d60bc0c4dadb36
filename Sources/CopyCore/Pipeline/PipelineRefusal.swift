// What a pipeline does not take: refused before anything of it was sent; the pipeline goes on.

extension PgcopyError {
    /// PostgreSQL has no COPY in pipeline mode.
    public static let copyInPipeline = PgcopyError(
        .usage, "COPY cannot run in pipeline mode: its data would stand where the server expects statements")
    /// A string with more than one statement.
    public static let severalInPipeline = PgcopyError(.usage, "a pipeline takes one statement at a time")
    /// C strings end at a zero byte.
    public static let zeroByteInPipeline = PgcopyError(.usage, "a statement or parameter holds a zero byte")
    /// The block is over.
    public static let pipelineIsOver = PgcopyError(.misuse, "the pipeline's block is over")
    /// A result cannot be waited for inside the handler of another one.
    public static let insideHandler = PgcopyError(
        .misuse, "a pipeline cannot wait inside the handler of a result")
    /// libpq is older than 14.
    public static let pipelineUnsupported = PgcopyError(.unsupported, "pipeline mode needs libpq 14 or newer")

    /// Why a statement is not taken; nil when it is.
    static func pipelineRefusal(of sql: String) -> PgcopyError? {
        var splitter = StatementSplitter()
        var count = 0
        var isCopy = false
        func found(_ statement: SQLStatement?) {
            guard let statement else { return }
            count += 1
            isCopy = isCopy || statement.isCopy
        }
        for byte in sql.utf8 {
            if byte == 0 { return zeroByteInPipeline }
            found(splitter.push(byte))
        }
        found(splitter.finish())
        return isCopy ? copyInPipeline : count > 1 ? severalInPipeline : nil
    }
}
