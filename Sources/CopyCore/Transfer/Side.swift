// One side of a transfer, and what became of it.

/// The source or a destination of a request.
final class Side {
    let endpoint: Endpoint
    /// Among the destinations of the request; nil: it is the source.
    let place: Int?
    /// The connections, once they are made, one for each stream; none where no server is behind the endpoint.
    var sessions: [Session] = []
    /// The way to its server again.
    var server: Server?
    /// Its programs that are started: of a source the one that gives rows, of a destination one for each table.
    var programs: [Program] = []
    /// What it failed with itself: it takes no part any more.
    var error: (any Error)?
    /// Like the source, it has no such tables: that is told of the source alone.
    var lacksTables = false
    /// It did not answer when it was to stop.
    var isUnheard = false
    /// Of a destination: what became of its rows, and how many bytes it took.
    var status = TransferOutcome.Status.rolledBack
    var bytes = 0
    /// Each of its transactions has committed.
    var hasCommitted = false
    /// How fast it takes rows.
    var pace = DestinationPace()
    /// What became of rows that were upserted.
    var upserted = UpsertCounts()
    /// Tables that were emptied before, in a transaction of their own.
    var emptied: [String] = []
    /// What it has made, for the tables to be there.
    var made: Made?
    /// Not all of what comes behind the rows of these was made.
    var isUnfinished = false
    /// What was made and is there all the same, by name.
    var left: [String] = []
    /// The transactions that have committed rows, as `xmin` has their numbers.
    var transactions: [String] = []
    /// What became of its tables, where some are committed or in doubt.
    var ends = TableEnds()

    init(_ endpoint: Endpoint, place: Int?) {
        self.endpoint = endpoint
        self.place = place
    }

    /// The first stream's, which looks and plans for all.
    var session: Session? { sessions.first }

    var isSource: Bool { place == nil }
    var isActive: Bool { error == nil }
    var label: String { endpoint.label }
}

/// Does something about an endpoint, so that what fails bears its label.
func at<R>(_ label: String, _ body: () throws -> R) throws -> R {
    do {
        return try body()
    } catch let interrupted as Interrupted {
        throw interrupted
    } catch {
        throw PgcopyError.of(error, at: label)
    }
}
