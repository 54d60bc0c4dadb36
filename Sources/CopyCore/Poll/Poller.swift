// The only place that waits, and the only source of time.

/// Waits for descriptors and tells the time. Tests put a script in its place.
public protocol Poller: AnyObject {
    /// The time on a monotonic clock.
    var now: Instant { get }

    /// Waits until an entry is ready or the deadline is there, and notes what is ready. A deadline that is
    /// past only looks; nil waits for ever.
    /// - Parameter interruptible: false while cleaning up, when a signal must not cut the work short again.
    /// - Throws: `Interrupted` when a signal came in; never while not interruptible.
    func poll(_ entries: inout [PollEntry], until deadline: Instant?, interruptible: Bool) throws(Interrupted)

    /// Has every poll watch this descriptor too, whatever it waits for, and calls when there is something to be read; nil: no
    /// longer. What is called may read once, and do nothing that waits.
    func onReadable(_ descriptor: CInt, _ call: (() -> Void)?)

    /// Has every poll call as often as that, whatever it waits for; nil: no longer. True: the poll is to end, as at a deadline,
    /// for there is something else to wait for.
    func onTick(every interval: Duration, _ call: (() -> Bool)?)

    /// Goes on beside whatever `run` runs, and never keeps it from ending; what it throws ends that.
    var companion: (any LoopTask)? { get set }
}

/// The earlier of two times, nil meaning never.
func earliest(_ one: Instant?, _ other: Instant?) -> Instant? {
    guard let one else { return other }
    guard let other else { return one }
    return min(one, other)
}
