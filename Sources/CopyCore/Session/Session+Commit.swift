// The one statement that is not cut short.

extension Session {
    /// Commits and gives the server's answer, as `COMMIT` or `ROLLBACK`.
    ///
    /// A signal does not cancel it; it only limits the wait for the answer.
    /// - Throws: the server's error, `Unanswered` when the answer does not come, or the loss of the connection.
    func commit(within seconds: Double?) throws -> String? {
        /// How long a signal lets the answer take.
        let grace = 1.0
        try requireNoPipeline()
        try announce("COMMIT")
        try connection.sendQuery("COMMIT")
        var deadline = seconds.map { poller.now + $0 }
        var interrupted = false
        var drain = StatementDrain()
        while case .waiting(let interest) = try drain.step(self) {
            do {
                try poller.wait(for: interest, until: deadline, interruptible: !interrupted)
                if interrupted, let deadline, poller.now >= deadline { throw Unanswered(seconds: grace) }
                if let seconds, !interrupted { deadline = try extended(deadline, seconds) }
            } catch is Interrupted {
                interrupted = true
                deadline = earliest(deadline, poller.now + grace)
            }
        }
        if let error = drain.error { throw error }
        return drain.results.last?.commandTag
    }
}
