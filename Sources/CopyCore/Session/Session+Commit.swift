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
}
