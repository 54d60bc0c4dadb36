// What a pipeline does not take.

/// Refused before anything of it was sent; the pipeline goes on.
public enum PipelineRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// PostgreSQL has no COPY in pipeline mode.
    case copy
    /// A string with more than one statement.
    case severalStatements
    /// C strings end at a zero byte.
    case zeroByte
    /// The block is over.
    case ended
    /// A result cannot be waited for inside the handler of another one.
    case insideHandler
    /// libpq is older than 14.
    case unsupported

    /// Why a statement is not taken; nil when it is.
    init?(_ sql: String) {
        var splitter = StatementSplitter()
        var count = 0
        var isCopy = false
        func found(_ statement: SQLStatement?) {
            guard let statement else { return }
            count += 1
            isCopy = isCopy || statement.isCopy
        }
        for byte in sql.utf8 {
            if byte == 0 {
                self = .zeroByte
                return
            }
            found(splitter.push(byte))
        }
        found(splitter.finish())
        if isCopy {
            self = .copy
        } else if count > 1 {
            self = .severalStatements
        } else {
            return nil
        }
    }

    /// For a person.
    public var description: String {
        switch self {
        case .copy:
            "COPY cannot run in pipeline mode: its data would stand where the server expects statements"
        case .severalStatements: "a pipeline takes one statement at a time"
        case .zeroByte: "a statement or parameter holds a zero byte"
        case .ended: "the pipeline's block is over"
        case .insideHandler: "a pipeline cannot wait inside the handler of a result"
        case .unsupported: "pipeline mode needs libpq 14 or newer"
        }
    }
}
