// How a transaction begins anew.

extension PipelinePart {
    /// Whatever was begun ends, and something else begins, under the settings that come first everywhere. A transaction
    /// that has a savepoint goes on behind that.
    func beginAnew(_ begin: String) {
        for statement in session.beginning(begin) { ask(.statement(statement)) }
    }
}

extension Session {
    /// What begins anew, as statements.
    func beginning(_ begin: String) -> [String] {
        ending + (savepoint == nil ? [begin] : []) + SessionSettings.first(connection)
    }

    /// What ends whatever was begun.
    private var ending: [String] {
        if let savepoint { return ["ROLLBACK TO SAVEPOINT \(savepoint)"] }
        return connection.transactionStatus == .idle ? [] : ["ROLLBACK"]
    }
}
