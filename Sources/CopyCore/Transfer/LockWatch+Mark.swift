// How far a run is, as far as a watch over it has to know.

extension LockWatch {
    /// What is known of a run at one moment; the same again: nothing has moved.
    struct Mark: Equatable {
        /// Locks are gathered, nothing flows yet.
        static let locking = 0
        /// They are had, and all that is to be known is asked.
        static let locked = -1

        var stage: Int
        var streams: [Stream] = []

        struct Stream: Equatable {
            var bytes: Int
            var backlog: Int
            /// The source gives rows, or could.
            var flows = false
            /// Nothing has come of it that is not taken yet.
            var awaitsSource = false
            /// Everything has arrived.
            var isOver = false

            /// Less than that goes into the buffers of sockets, whoever waits behind them.
            private static let buffered = 1 << 18

            /// More has moved than what may only lie in a buffer.
            func hasMoved(since other: Stream) -> Bool {
                bytes - other.bytes >= Self.buffered || other.backlog - backlog >= Self.buffered
            }
        }
    }
}
