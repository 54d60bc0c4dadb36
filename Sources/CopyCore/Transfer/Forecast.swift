// How much is still to come.

/// How large it all is, as far as the source's own counts tell, corrected by what has come; pure.
public struct Forecast: Sendable, Hashable {
    /// A table, as the source counted it, and what has come of it.
    struct Table: Sendable {
        /// About how many rows it has, and bytes where it is stored; nil: nobody has counted.
        var rows: Int?
        var bytes: Int?
        /// What has come.
        var moved = Totals.zero
        /// That was all.
        var isDone = false

        /// How much of it has come, from 0 to 1; nil: not known. Counts are old: what is more than they say is not the end.
        var fraction: Double? {
            if isDone { return 1 }
            if let rows, rows > 0 { return min(1, Double(moved.messages) / Double(rows)) }
            if let bytes, bytes > 0 { return min(1, Double(moved.bytes) / Double(bytes)) }
            return rows == nil && bytes == nil ? nil : 0
        }
    }

    /// About how much of it all has come, from 0 to 0.99; nil: not known.
    public var fraction: Double?
    /// About how many bytes will have flowed at the end; nil: not known, or more have than there should be.
    public var bytes: Double?
    /// How long it will take at the rate of now and then; nil: not known, or nothing flows.
    public var remaining: Duration?

    /// The same in whole percent.
    public var percent: Int? { fraction.map { Int($0 * 100) } }

    /// Nothing is known.
    init() {}

    /// - Parameters:
    ///   - tables: all of them. Each counts by the bytes that it takes where it is stored, so that what was estimated
    ///     wrongly is right once it has come.
    ///   - moved: how many bytes have flowed.
    init(_ tables: [Table], moved: Int) {
        var (all, come) = (0.0, 0.0)
        for table in tables {
            guard let fraction = table.fraction else { return }
            let weight = Double(table.bytes ?? table.rows ?? 0)
            all += weight
            come += weight * fraction
        }
        guard all > 0 else { return }
        let fraction = min(0.99, come / all)
        self.fraction = fraction
        guard fraction < 0.99 else { return }
        let bytes = tables.allSatisfy { $0.bytes != nil } ? Self.bytes(tables) : Double(moved) / max(fraction, 1e-9)
        guard bytes > 0 else { return }
        self.bytes = max(bytes, Double(moved))
    }

    /// Of a table that has come, or a part of it that says something of the rest, it is known how much more or less than where it
    /// is stored it is. That goes for the others as far as it is of many: until a quarter has come they count by what they
    /// take there as well.
    private static func bytes(_ tables: [Table]) -> Double {
        var (known, knownStored, rest) = (0.0, 0.0, 0.0)
        for table in tables {
            let stored = Double(table.bytes ?? 0)
            if let fraction = table.fraction, fraction >= 0.01 {
                known += Double(table.moved.bytes) / fraction
                knownStored += stored
            } else {
                rest += max(stored, Double(table.moved.bytes))
            }
        }
        guard knownStored > 0 else { return known + rest }
        let trust = min(1, 4 * knownStored / (knownStored + rest))
        return known + rest * (trust * known / knownStored + 1 - trust)
    }

    /// How long the rest takes. What is now counts as much as what was: a slow beginning does not say it all. While nothing
    /// flows nobody knows.
    public mutating func estimate(_ reading: RateMeter.Reading) {
        let rate = reading.cycle.bytes == 0 ? 0 : (reading.cycleRate + reading.rate) / 2
        remaining = remaining(behind: reading.total.bytes, rate: rate)
    }

    /// How long the rest takes, once so many bytes have flowed, at so many bytes a second; nil: not known, or nothing flows.
    public func remaining(behind moved: Int, rate: Double) -> Duration? {
        // Beyond that nobody plans: a thousand days.
        rate >= 1 ? bytes.map { .seconds(min(max(0, $0 - Double(moved)) / rate, 86_400_000)) } : nil
    }
}
