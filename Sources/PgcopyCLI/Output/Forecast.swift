// How much is still to come.

internal import CopyCore

/// How large it all is, as far as the source's own counts tell, corrected by what has come; pure.
struct Forecast: Equatable {
    /// About how many rows there are; nil: nobody has counted.
    var rows: Int?
    /// About how many bytes they take where they are stored, which is more or less than what flows.
    var bytes: Int?

    init(rows: Int? = nil, bytes: Int? = nil) {
        self.rows = rows
        self.bytes = bytes
    }

    /// Nobody has counted the rows that a condition meets.
    init(_ plan: TransferPlan) {
        self.init(rows: plan.isFiltered ? nil : plan.rows, bytes: plan.isFiltered ? nil : plan.bytes)
    }

    /// How far it is. Counts are old: what is more than they say is not the end.
    func fraction(_ moved: Totals) -> Double? {
        let part: Double? =
            if let rows, rows > 0 {
                Double(moved.messages) / Double(rows)
            } else if let bytes, bytes > 0 {
                Double(moved.bytes) / Double(bytes)
            } else {
                nil
            }
        return part.map { min(0.99, $0) }
    }

    /// About how many bytes will have flowed at the end; nil: not known, or more have than there should be.
    func totalBytes(_ moved: Totals) -> Double? {
        guard let fraction = fraction(moved), fraction < 0.99 else { return nil }
        // The first rows say little of the others.
        return fraction < 0.01 ? bytes.map { Double($0) } : Double(moved.bytes) / fraction
    }

    /// How long it will take at this rate, in bytes a second; nil: not known, or nothing flows.
    func remaining(_ moved: Totals, rate: Double) -> Duration? {
        guard let total = totalBytes(moved), rate >= 1 else { return nil }
        // Beyond that nobody plans: a thousand days.
        return .seconds(min(max(0, total - Double(moved.bytes)) / rate, 86_400_000))
    }
}
