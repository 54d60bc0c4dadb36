// Rows for a program's stdin.

/// Writes to a program. One that ends before it has read all of its input has failed, whatever it exits with.
final class ProgramReceiver: Receiver {
    private let program: Program
    private let stream: ByteStreamReceiver
    private let poller: any Poller
    private let tellWaiting: (String) -> Void
    /// A write met a closed pipe; until when its end is waited for, which says why.
    private var closed: Instant?
    /// Since when it takes nothing; that was told.
    private var blockedSince: Instant?
    private var wasTold = false

    /// - Parameter tellWaiting: called where it takes nothing for a second; with what is waited for.
    init(_ program: Program, poller: any Poller, tellWaiting: @escaping (String) -> Void) {
        self.program = program
        self.poller = poller
        self.tellWaiting = tellWaiting
        stream = ByteStreamReceiver(program.stream, label: program.label)
    }

    var label: String { program.label }
    let commandTag: String? = nil

    /// Written before the rows.
    var preamble: [UInt8] {
        get { stream.preamble }
        set { stream.preamble = newValue }
    }

    /// Its end is noticed while nothing is to be written.
    var attention: Interest? { program.isRunning ? program.exit : nil }

    func enter(_ layout: RowLayout) throws -> Step { try stream.enter(layout) }

    func attend(_ ready: Readiness) throws -> Interest? {
        try requireReader()
        // It has taken all there was; what comes now finds nobody.
        if !program.isRunning { return nil }
        if let closed {
            if closed <= poller.now { throw PgcopyError.programReadsNoMore }
            return waitingForEnd(until: closed)
        }
        if ready.isEmpty, let since = blockedSince {
            if !wasTold, poller.now.duration(since: since) >= .seconds(1) {
                wasTold = true
                tellWaiting("the program to take rows")
            }
            return program.ready
        }
        return try meetingClosed { try stream.attend(ready) }
    }

    func drain(_ bytes: RawSpan) throws -> Drained {
        try requireRunning()
        var drained = Drained(taken: 0)
        let waits = try meetingClosed {
            drained = try stream.drain(bytes)
            return drained.blocked
        }
        guard let waits else {
            blockedSince = nil
            return drained
        }
        if drained.taken > 0 || blockedSince == nil {
            blockedSince = poller.now
            wasTold = false
        }
        return Drained(taken: drained.taken, blocked: closed == nil ? program.ready : waits)
    }

    func finish() throws -> Step {
        try requireReader()
        if !program.isRunning, preamble.isEmpty { return .done }
        if let closed, closed <= poller.now { throw PgcopyError.programReadsNoMore }
        var step = Step.done
        let waits = try meetingClosed {
            step = try stream.finish()
            return if case .waiting(let interest) = step { interest } else { nil }
        }
        return waits.map { .waiting(closed == nil ? program.ready : $0) } ?? .done
    }

    func abort(_ reason: String) -> Step { .done }
    func abandon() {}

    /// Its input ends: it has all there is.
    /// - Returns: what gives how many bytes it has not read, once it has ended.
    func close() -> () -> Int {
        stream.abandon()
        return program.closeInputWatching()
    }

    /// Throws where it has failed, or has ended and left something in its input.
    func requireReader() throws(PgcopyError) {
        if let failure = program.failure { throw failure }
        if !program.isRunning, !program.hasReadAll { throw .programEndedEarly }
    }

    /// Throws where it has ended: its input has not.
    func requireRunning() throws(PgcopyError) {
        if let failure = program.failure { throw failure }
        if !program.isRunning { throw .programEndedEarly }
    }

    private func waitingForEnd(until time: Instant) -> Interest {
        var interest = program.exit
        interest.alarm = time
        return interest
    }

    /// Where nobody reads its stdin any more, it has ended or is about to: how, is the better reason.
    private func meetingClosed(_ body: () throws -> Interest?) throws -> Interest? {
        do {
            return try body()
        } catch let error as PgcopyError where error.isBrokenPipe {
            let time = closed ?? poller.now + 0.5
            closed = time
            return waitingForEnd(until: time)
        }
    }
}
