// A result of a statement.

internal import CLibpq

/// The outcome of one statement; freed with its last reference. libpq: PGresult.
@safe
public final class QueryResult {
    private let handle: OpaquePointer

    init(_ handle: OpaquePointer) { unsafe self.handle = handle }

    deinit { unsafe PQclear(handle) }

    /// libpq: PQresultStatus.
    public var status: ResultStatus {
        switch unsafe PQresultStatus(handle) {
        case PGRES_EMPTY_QUERY: .emptyQuery
        case PGRES_COMMAND_OK: .commandOK
        case PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE: .tuplesOK
        case PGRES_COPY_OUT: .copyOut
        case PGRES_COPY_IN: .copyIn
        case PGRES_COPY_BOTH: .copyBoth
        case PGRES_PIPELINE_SYNC: .pipelineSync
        case PGRES_PIPELINE_ABORTED: .pipelineAborted
        default: .fatalError
        }
    }

    /// The failure this result stands for, nil when it is none.
    public func error(connectionLost: Bool) -> PgcopyError? {
        guard case .fatalError = status else { return nil }
        guard let server = unsafe ServerMessage(handle) else {
            let message = unsafe trimmed(string(PQresultErrorMessage(handle)))
            return PgcopyError(connectionLost ? .connectionLost : .libpq, message)
        }
        // The server closes what it ends by FATAL, whether libpq has seen that yet or not.
        return PgcopyError(server, connectionLost: connectionLost || ["FATAL", "PANIC"].contains(server.severity))
    }

    /// libpq: PQntuples.
    public var rowCount: Int { Int(unsafe PQntuples(handle)) }

    /// libpq: PQnfields.
    public var columnCount: Int { Int(unsafe PQnfields(handle)) }

    /// The name of a column, counted from 0, as `RawText`. libpq: PQfname.
    public func columnName(_ column: Int) -> String { unsafe rawText(PQfname(handle, CInt(column))) }

    /// A value that is a name, as `RawText`; nil for NULL; both counted from 0. libpq: PQgetvalue.
    public func name(_ row: Int, _ column: Int) -> String? {
        withValue(row, column) { bytes in
            guard let bytes else { return nil }
            return unsafe bytes.withUnsafeBytes { unsafe RawText.decoding($0) }
        }
    }

    /// The type of a column, counted from 0. libpq: PQftype.
    public func columnType(_ column: Int) -> UInt32 { unsafe PQftype(handle, CInt(column)) }

    /// A value in text form, nil for NULL; both counted from 0. libpq: PQgetvalue.
    public func value(_ row: Int, _ column: Int) -> String? {
        guard unsafe PQgetisnull(handle, CInt(row), CInt(column)) == 0 else { return nil }
        return unsafe string(PQgetvalue(handle, CInt(row), CInt(column)))
    }

    /// The bytes of a value in text form, nil for NULL; both counted from 0. libpq: PQgetvalue, PQgetlength.
    public func withValue<R>(_ row: Int, _ column: Int, _ body: (RawSpan?) throws -> R) rethrows -> R {
        guard unsafe PQgetisnull(handle, CInt(row), CInt(column)) == 0 else { return try body(nil) }
        let bytes = unsafe UnsafeRawBufferPointer(
            start: PQgetvalue(handle, CInt(row), CInt(column)),
            count: Int(PQgetlength(handle, CInt(row), CInt(column))))
        return try unsafe body(bytes.bytes)
    }

    /// One row of a result that comes row by row. libpq: PQresultStatus.
    public var isSingleRow: Bool { unsafe PQresultStatus(handle) == PGRES_SINGLE_TUPLE }

    /// As `COPY 10`. libpq: PQcmdStatus.
    public var commandTag: String { unsafe string(PQcmdStatus(handle)) }

    /// A COPY in binary format. libpq: PQbinaryTuples.
    public var isBinary: Bool { unsafe PQbinaryTuples(handle) != 0 }
}
