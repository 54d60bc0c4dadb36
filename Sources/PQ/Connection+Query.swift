// Statements without waiting: send, flush, consume, collect.

internal import CLibpq
internal import Glibc

extension Connection {
    /// Queues a string of statements by the simple query protocol. libpq: PQsendQuery.
    public func sendQuery(_ sql: String) throws(PgcopyError) {
        guard unsafe withStatement(sql, { unsafe PQsendQuery(handle, $0) }) == 1 else { throw lastError() }
    }

    /// Queues one statement with text parameters, nil for NULL. libpq: PQsendQueryParams.
    public func sendQuery(_ sql: String, parameters: [String?]) throws(PgcopyError) {
        let sent = unsafe withCStrings(parameters, raw: true) { values in
            unsafe withStatement(sql) {
                unsafe PQsendQueryParams(handle, $0, CInt(parameters.count), nil, values, nil, nil, 0)
            }
        }
        guard sent == 1 else { throw lastError() }
    }

    /// Queues the parsing of a statement under a name, "" for the unnamed one. libpq: PQsendPrepare.
    public func sendPrepare(_ name: String, _ sql: String) throws(PgcopyError) {
        guard unsafe withStatement(sql, { unsafe PQsendPrepare(handle, name, $0, 0, nil) }) == 1 else {
            throw lastError()
        }
    }

    /// Asks for the columns of a prepared statement. libpq: PQsendDescribePrepared.
    public func sendDescribe(_ name: String) throws(PgcopyError) {
        guard unsafe PQsendDescribePrepared(handle, name) == 1 else { throw lastError() }
    }

    /// Sends what is queued; false while some of it is left and the socket takes no more. libpq: PQflush.
    public func flush() throws(PgcopyError) -> Bool {
        switch unsafe PQflush(handle) {
        case 0: return true
        case 1: return false
        default: throw lastError()
        }
    }

    /// Reads what the socket holds; throws when the connection is gone. libpq: PQconsumeInput.
    ///
    /// One call of libpq reads one TLS record at most, and what OpenSSL keeps of it makes no socket
    /// readable. So with TLS this goes on until three reads in a row found the socket empty (a record
    /// is 16 KiB, a read takes 8 KiB or more), or the socket has more and a poll will say so.
    public func consumeInput() throws(PgcopyError) {
        guard usesTLS else {
            guard unsafe PQconsumeInput(handle) == 1 else { throw lastError() }
            return
        }
        var reads = 0
        var quiet = 0
        repeat {
            let waiting = bytesInSocket
            if waiting > 0, reads >= 4 { return }
            guard unsafe PQconsumeInput(handle) == 1 else {
                // What was read before the end came is told first: it may say why. The next call throws.
                if reads > 0 { return }
                throw lastError()
            }
            reads += 1
            quiet = waiting > 0 ? 0 : quiet + 1
        } while quiet < 3
    }

    private var bytesInSocket: CInt {
        var count: CInt = 0
        _ = unsafe ioctl(socket, UInt(FIONREAD), &count)
        return count
    }

    /// Whether `nextResult` would have to wait. libpq: PQisBusy.
    public var isBusy: Bool { unsafe PQisBusy(handle) == 1 }

    /// The next result, nil when the statement is done. Waits unless `isBusy` is false. libpq: PQgetResult.
    public func nextResult() -> QueryResult? {
        guard let result = unsafe PQgetResult(handle) else { return nil }
        return unsafe QueryResult(result)
    }
}
