// Rows of a program's stdout.

/// Produces what a program writes, and takes its end for the end of the rows only when it exited with 0.
final class ProgramProducer: Producer {
    private let program: Program
    private let stream: ByteStreamProducer
    private let poller: any Poller
    private let tellWaiting: (String) -> Void
    /// What the stream's end gave; the program's is still to come.
    private var end: Result<Totals, any Error>?
    /// When to tell that its end is waited for; nil: that was told, or is not waited for.
    private var telling: Instant?

    /// - Parameters:
    ///   - stream: reads the program's stdout.
    ///   - tellWaiting: called where the program does not end with its stdout; with what is waited for.
    init(
        _ program: Program, _ stream: ByteStreamProducer, poller: any Poller, tellWaiting: @escaping (String) -> Void
    ) {
        self.program = program
        self.stream = stream
        self.poller = poller
        self.tellWaiting = tellWaiting
    }

    var label: String { program.label }
    var totals: Totals { stream.totals }
    var layout: RowLayout { stream.layout }

    func enter() throws -> Step { try stream.enter() }

    func fill(_ space: inout MutableRawSpan) throws -> Filled {
        if let failure = program.failure { throw failure }
        if let end { return try waitForEnd(end) }
        do {
            switch try stream.fill(&space) {
            case .moved(let moved, let blocked): return .moved(moved, blocked: blocked)
            case .blocked: return .blocked(program.ready)
            case .ended(let last): return try waitForEnd(.success(last))
            }
        } catch  where stream.isAtEnd {
            // How the program ended is the better reason.
            return try waitForEnd(.failure(error))
        }
    }

    private func waitForEnd(_ end: Result<Totals, any Error>) throws -> Filled {
        guard program.isRunning else {
            if let failure = program.failure { throw failure }
            return .ended(try end.get())
        }
        let now = poller.now
        if self.end == nil { telling = now + 1 }
        self.end = end
        if let time = telling, time <= now {
            telling = nil
            tellWaiting("the program to end; it has closed its stdout")
        }
        var interest = program.exit
        interest.alarm = telling
        return .blocked(interest)
    }

    func realign() -> Step { .done }
    func abandon() {}
}
