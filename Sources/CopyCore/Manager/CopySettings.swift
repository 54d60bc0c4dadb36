// The numbers a copy runs by.

/// Sizes and times of a copy.
public struct CopySettings: Sendable, Hashable {
    /// Bytes the fastest receiver may be ahead of the slowest: one ring, shared by all.
    /// 1 MiB outlasts the hiccups of a server without being felt in a process's memory.
    public var buffer = 1 << 20
    /// Bytes the producer gives in one cycle at most. 64 KiB frames cost a destination least;
    /// psycopg saw puts above 128 KiB get slower.
    public var chunk = 1 << 16
    /// How long a receiver may make no progress while something waits for it, and how long the producer may give nothing
    /// while there is room, each where its server is not at work; nil: for ever.
    public var timeout: Duration?
    /// After what time `next()` returns although nothing moved, and how long entering waits for a server's consent to
    /// give rows; nil: both wait.
    public var idleInterval: Duration?
    /// Bytes a second read from the producer; nil: as fast as it goes.
    public var rateLimit: Int?
    /// A receiver that cannot be entered ends the whole copy; else it faults in the first cycle.
    public var needsEveryReceiver = true
    /// How long a failed copy may take to bring its connections back before they are closed.
    public var grace = Duration.seconds(5)

    /// The defaults.
    public init() {}
}
