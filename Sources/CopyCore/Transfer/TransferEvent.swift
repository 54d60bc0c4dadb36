// What happens in a transfer, as values.

/// What happens in a transfer, in the order in which it happens.
public enum TransferEvent: Sendable {
    /// The number of this set of events. Another number: some of them mean something else; new ones alone do not change it.
    public static let schema = 2

    /// A server said something that is not an error.
    case notice(ServerMessage, at: String)
    /// A statement is about to be sent.
    case statement(String, at: String)
    /// A program wrote a line to its stderr.
    case stderr(String, at: String)
    /// Something was decided that was left open.
    case decision(String)
    /// Something may go wrong that somebody should know of.
    case warning(String, at: String)
    /// Tables differ between the servers, and the run is refused for it.
    case drift([Drift])
    /// What is going to be done; nothing is read or emptied before.
    case planned(TransferPlan)
    /// An endpoint keeps everything waiting; for what.
    case waiting(for: String, at: String)
    /// A session waits for a lock; told after a second, and again at the interval.
    case waitingForLock(LockWait, at: String)
    /// It is time for a report, or one was asked for.
    case progress(TransferProgress)
    /// A destination failed; what is done about it.
    case fault(any Error, at: String, FaultReaction)
    /// It is over. The last one.
    case finished(TransferOutcome)
}

/// Takes events, and has no other way to hear.
public protocol EventSink: AnyObject {
    /// Called where it happens: what takes long here keeps the transfer waiting.
    func receive(_ event: TransferEvent)
}

/// How far a transfer is.
public struct TransferProgress: Sendable {
    /// Since the program began; the reading's own duration is the copy's, by which rates are reckoned.
    public var duration: Duration
    /// What was moved, and at which rate.
    public var reading: RateMeter.Reading
    /// Every destination, in the order given.
    public var destinations: [DestinationProgress]
    /// What each stream is at, in the order of their numbers; none before rows flow.
    public var streams: [StreamProgress] = []
    /// What it is at, and who is waited for.
    public var stage = TransferStage.copying
    /// About how much of it all has come, and how much that is.
    public var forecast = Forecast()
    /// Of several tables, those whose rows the source has given to the end, and how many there are.
    public var tables: (done: Int, count: Int)?
    /// Somebody wants to see it now (SIGUSR1).
    public var wasAskedFor = false

    /// How much is still to come, as far as that is known; nil: no row flows.
    public var coming: Forecast? { [.copying, .waitingForSource].contains(stage) ? forecast : nil }
}

/// What a transfer is at.
public enum TransferStage: Sendable, Hashable {
    /// No row flows yet; these servers have not answered yet.
    case preparing([String])
    /// Rows flow.
    case copying
    /// The source has nothing to give yet, and everybody could take more.
    case waitingForSource
    /// The source has given everything; these destinations still take it or have not confirmed it yet.
    case finishing([String])
    /// Everything has arrived; these have not answered the last checks yet.
    case settling([String])
    /// All rows are there; these move them from staging tables to where they are to be.
    case merging([String])
    /// All rows are there; these make the indexes and constraints of tables that they have made.
    case indexing([String])
    /// This destination commits; its number among those that commit, from 1 on.
    case committing(String, number: Int, of: Int)
}

/// What a transfer does about a destination that failed.
public enum FaultReaction: Sendable, Hashable {
    /// It goes on from the very byte where it stopped; consecutive tries without progress, and how many there may be.
    case reconciled(tries: Int, limit: Int)
    /// It is rolled back, the others go on.
    case dropped
    /// Everything is rolled back.
    case fatal
}

/// How far a destination is.
public struct DestinationProgress: Sendable, Hashable {
    /// What it is at.
    public enum State: String, Sendable, Hashable {
        /// Its server is not reached yet.
        case connecting
        /// It is asked, locked, emptied; no row flows yet.
        case preparing
        /// It takes rows.
        case copying
        /// Rows are there for it, and for some seconds it has taken none.
        case stalled
        /// It has all rows, and has not confirmed them yet.
        case finishing
        /// It has confirmed all rows, and waits for the others.
        case complete
        /// The last checks are under way there.
        case settling
        /// Rows go from its staging tables to where they are to be.
        case merging
        /// It makes indexes and constraints.
        case indexing
        /// Its COMMIT is under way.
        case committing
        /// Its rows are there to stay.
        case committed
        /// It takes no part any more.
        case failed
    }

    /// How messages name it.
    public var label: String
    /// What it is at.
    public var state = State.copying
    /// Bytes of COPY data that it has taken.
    public var taken = 0
    /// Bytes a second that it took since the last report.
    public var rate = 0.0
    /// Bytes that were read for it and that it has not taken yet.
    public var behind: Int

    /// It takes part; false once it was dropped.
    public var isActive: Bool { state != .failed }
}

/// What a stream is at.
public struct StreamProgress: Sendable, Hashable {
    /// From 1 on.
    public var number: Int
    /// The table whose rows flow; nil: it has no more to do.
    public var table: String?
    /// The part of it, as `blocks 0 to 99`; nil: all of it.
    public var part: String?
    /// Bytes of it that have come.
    public var bytes = 0
    /// About how many it takes where it is stored; nil: not known.
    public var size: Int?
}
