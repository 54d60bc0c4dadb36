// Rows of a program's stdout.

/// Produces what a program writes, and takes its end for the end of the rows only when it exited with 0.
final class ProgramProducer: Producer {
    private let program: Program
    private let stream: ByteStreamProducer
    private let poller: any Poller
    private let tellWaiting: (String) -> Void
    /// What the stream's end gave; the program's is still to come.
    private var end: Result<Totals, any Error>?
    private var restIsWaitedFor = false
    /// When to tell that its end, or the rest, is waited for; nil: that was told, or is not waited for.
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
            case .blocked: return .blocked(program.isRunning ? program.ready : waitForRest())
            case .ended(let last): return try waitForEnd(.success(last))
            }
        } catch  where stream.isAtEnd {
            // How the program ended is the better reason.
            return try waitForEnd(.failure(error))
        }
    }

    /// It has exited with 0, and its stdout is still open.
    private func waitForRest() -> Interest {
        let now = poller.now
        if !restIsWaitedFor { telling = now + 1 }
        restIsWaitedFor = true
        if let time = telling, time <= now {
            telling = nil
            tellWaiting("what the program has started; it keeps the program's stdout")
        }
        var interest = program.ready
        interest.alarm = telling
        return interest
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
