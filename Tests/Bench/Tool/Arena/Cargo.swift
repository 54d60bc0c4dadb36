// Role: what is copied, whether one table or many.

/// Rows that lie at the source, and what makes, empties and counts them.
protocol Cargo {
    /// Its name, plain: a table's or a schema's.
    var name: String { get }
    /// How many rows, in all of its tables.
    var rows: Int { get }
    /// Creates it, without rows.
    var creation: String { get }
    /// Fills it.
    var filling: String { get }
    /// Freezes it and takes its statistics.
    var settling: String { get }
    /// Empties it.
    var emptying: String { get }
    /// Drops it.
    var dropping: String { get }
    /// Counts its rows.
    var counting: String { get }
}
