// Statements that end a batch.

/// A statement that is not sent. What follows it is not read: behind COPY … FROM STDIN it may be data.
public enum BatchRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// PostgreSQL has no COPY in pipeline mode.
    case copy
    /// The sessions speak UTF8.
    case notUTF8
    /// C strings end at a zero byte.
    case zeroByte

    /// For a person.
    public var description: String {
        switch self {
        case .copy: "\(PipelineRefusal.copy); pgcopy transfer copies rows"
        case .notUTF8: "the statement is not valid UTF-8"
        case .zeroByte: "the statement holds a zero byte"
        }
    }
}
