// What is known once COMMIT was sent.

/// What a server said to COMMIT.
enum CommitAnswer {
    case committed
    /// It said why not.
    case refused(PgcopyError)
    /// A transaction that had failed before is answered so.
    case rolledBack
    /// Anything else says nothing of it: an answer that did not come, or that is none.
    case lost(any Error)
}

extension Session {
    /// Commits. Where the answer is lost the connection is closed: the next statement must not be asked.
    func commitAnswer(timeout: Duration?) -> CommitAnswer {
        // What was never sent is no commit.
        do { try requireIdle() } catch { return .refused(error) }
        let reason: any Error
        do {
            switch try commit(timeout: timeout) {
            case "COMMIT": return .committed
            case "ROLLBACK": return .rolledBack
            case let tag: reason = PgcopyError(.unexpected, "the server answered COMMIT with \(tag ?? "nothing")")
            }
        } catch let error as PgcopyError where error.code == .server {
            return .refused(error)
        } catch {
            reason = error
        }
        close()
        return .lost(reason)
    }
}
