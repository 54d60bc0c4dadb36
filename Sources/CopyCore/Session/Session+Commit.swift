// The one statement that is not cut short.

extension Session {
    /// Commits and gives the server's answer, as `COMMIT` or `ROLLBACK`.
    ///
    /// A signal does not cancel it; it only limits the wait for the answer.
    /// - Throws: `PgcopyError` with `.server`, `.unanswered` when the answer does not come, or `.connectionLost`.
    func commit(timeout: Duration?) throws -> String? {
        try labelling {
            try requireNoPipeline()
            try announce("COMMIT")
            try connection.sendQuery("COMMIT")
            let commit = StatementTask(self, timeout: timeout, stopping: .waits(grace: .seconds(1)))
            poller.seeThrough(commit)
            return try commit.outcome?.get().last?.commandTag
        }
    }

    /// Ends the transaction, and its locks, without waiting for the answer: the session can only be closed then. To close it at
    /// once would end them too, but a backend takes 2 ms to go, during which one that is to commit may wait for its processor.
    func letGo() {
        do {
            try requireNoPipeline()
            try announce("ROLLBACK")
            try connection.sendQuery("ROLLBACK")
            if try connection.flush() { return }
        } catch {}
        // What is not sent at once ends with the connection.
        close()
    }
}
