// A program for each table.

/// Rows of each table written to a program of its own. Each is kept until the commit: then the inputs end, one after the other.
final class ProgramsDestination: Destination {
    let label: String
    let rows: Int? = nil
    private let poller: any Poller
    private let start: (Part) throws -> ProgramDestination
    /// Those that are started.
    private var own: [(part: Part, program: ProgramDestination)] = []

    /// - Parameters:
    ///   - count: of how many there will be.
    ///   - start: starts the program for a part's table.
    /// - Throws: where so many cannot run at a time.
    init(
        _ count: Int, label: String, poller: any Poller, start: @escaping (Part) throws -> ProgramDestination
    ) throws(PgcopyError) {
        self.label = label
        self.poller = poller
        self.start = start
        guard DescriptorLimit.makeRoom(for: count * Program.descriptors) else {
            throw PgcopyError(
                .refused,
                "\(count) programs, a table each, run till the commit, and there may not be so many descriptors "
                    + "(ulimit -Hn); take fewer tables at a time")
        }
    }

    /// What writes a stream's tables, each to its program.
    func receiver(_ track: PartTrack) -> any Receiver {
        SerialReceiver(label: label, track) { [unowned self] part in
            guard !own.contains(where: { $0.part.table == part.table }) else {
                throw PgcopyError(.unexpected, "a table's program cannot take it in parts")
            }
            let program = try start(part)
            own.append((part, program))
            return program.writer
        }
    }

    func settle() throws { try ofEach { try $0.settle() } }
    func recheck() throws { try ofEach { try $0.recheck() } }
    func requireAlive() throws { try ofEach { try $0.requireAlive() } }

    private func ofEach(from first: Int = 0, _ body: (ProgramDestination) throws -> Void) throws {
        for (part, program) in own[first...] { try part.attributed { try body(program) } }
    }

    func commit() throws {
        try inTurn(own, done: "programs ended well") { number, each in
            if number > 0 { try poller.checkInterruption() }
            // One that is gone keeps the others from ending well.
            try ofEach(from: number) { try $0.requireAlive() }
            try each.part.attributed { try each.program.commit() }
        }
    }

    func rollBack() { for (_, program) in own { program.rollBack() } }
}
