// What a body throws, by its code: for the tests of every room that throws.

public import PQ
public import Testing

/// The error of this code that the body throws; nil, and an issue, where it throws another one or none.
@discardableResult
public func thrown<R>(
    _ code: PgcopyError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> R
) -> PgcopyError? {
    do {
        _ = try body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch let error as PgcopyError where error.code == code {
        return error
    } catch {
        let kind = (error as? PgcopyError)?.code.rawValue ?? "no code"
        Issue.record("thrown was, of \(kind): \(error)", sourceLocation: sourceLocation)
    }
    return nil
}

/// The error of this code that the body throws.
public func requireThrown<R>(
    _ code: PgcopyError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> R
) throws -> PgcopyError {
    let error = thrown(code, sourceLocation: sourceLocation, body)
    return try #require(error, sourceLocation: sourceLocation)
}
