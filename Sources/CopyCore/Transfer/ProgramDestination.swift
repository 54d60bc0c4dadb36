// A program that takes rows.

/// Rows written to a program's stdin, whose end is its COMMIT, and its exit status the answer.
final class ProgramDestination: Destination {
    let label: String
    let rows: Int? = nil
    let writer: ProgramReceiver
    let program: Program
    private let poller: any Poller
    private let grace: Duration

    /// - Parameter grace: how long it may take to end when asked to.
    init(_ program: Program, poller: any Poller, grace: Duration, tellWaiting: @escaping (String) -> Void) {
        label = program.label
        self.program = program
        self.poller = poller
        self.grace = grace
        writer = ProgramReceiver(program, poller: poller, tellWaiting: tellWaiting)
    }

    func settle() throws { try requireReader() }
    func recheck() throws { try requireReader() }
    func requireAlive() throws { try writer.requireReader() }

    private func requireReader() throws {
        try writer.requireReader()
        guard program.isRunning, !program.isRead, !program.hasReadAll else { return }
        // How it ends is the better reason.
        try program.wait(until: poller.now + 0.5)
        try writer.requireReader()
        throw PgcopyError.programReadsNoMore
    }

    func commit() throws {
        try requireReader()
        let unread = writer.close()
        do {
            try program.wait()
        } catch let interrupted as Interrupted {
            // It may have what it needs, and be about to end well.
            try program.wait(until: poller.now + grace, interruptible: false)
            guard program.isRunning else { return try requireSuccess(unread()) }
            rollBack()
            try program.wait(interruptible: false)
            throw PgcopyError.commitInDoubt(PgcopyError.programEndedLate(interrupted), transaction: nil)
        }
        try requireSuccess(unread())
    }

    private func requireSuccess(_ unread: Int) throws {
        if program.isEndLost, let failure = program.failure {
            throw PgcopyError.commitInDoubt(failure, transaction: nil)
        }
        if let failure = program.failure { throw failure }
        if unread > 0 { throw PgcopyError.programLeftRows(unread) }
        program.reap()
    }

    func rollBack() { Program.terminate([program], grace: grace) }
}

extension PgcopyError {
    /// It was ended after its input had: what it has kept is its own secret.
    static func programEndedLate(_ signal: Interrupted) -> PgcopyError {
        PgcopyError(.program, "the program was ended by us before it exited, but had all rows", causes: [signal])
    }
}
