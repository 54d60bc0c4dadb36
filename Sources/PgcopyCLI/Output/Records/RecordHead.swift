// What each record of a run begins with.

internal import CopyCore

/// Tells a run's records from those of another, and when each was written.
struct RecordHead {
    private let run: String
    private let now: () -> WallTime

    /// - Parameters:
    ///   - run: the same in all records of a run; nil: drawn by chance, so that two runs at once have two.
    ///   - now: the time of day.
    init(run: String? = nil, now: @escaping () -> WallTime = { .now }) {
        self.run = run ?? Self.drawn()
        self.now = now
    }

    /// The members that a record of this type has first.
    func members(_ type: String) -> [(String, JSONText)] {
        [
            ("schema_version", .int(TransferEvent.schema)), ("type", .string(type)), ("time", .string(now().text)),
            ("run", .string(run)),
        ]
    }

    private static func drawn() -> String {
        let digits = String(UInt64.random(in: 0 ... .max), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
