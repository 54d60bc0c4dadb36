// Work that brings a connection back: no signal cuts it short, but a deadline does.

extension Session {
    /// Calls a piece of work until it is done.
    /// - Throws: `PgcopyError` with `.unanswered` where it takes longer, and what the work throws.
    func complete(grace: Duration, _ work: @escaping () throws -> Step) throws {
        try labelling {
            guard try poller.finish(until: poller.now + grace, interruptible: false, work) else {
                throw PgcopyError.unanswered(after: grace)
            }
        }
    }

    /// Runs a statement that undoes something; closes the connection when no answer comes.
    func undo(_ sql: String, grace: Duration) throws {
        do {
            try announce(sql)
            try connection.sendQuery(sql)
            var drain = StatementDrain()
            try complete(grace: grace) { [self] in try drain.step(self) }
            if let error = drain.error { throw labelled(error) }
        } catch let unanswered as PgcopyError where unanswered.code == .unanswered {
            close()
            throw unanswered
        }
    }
}
