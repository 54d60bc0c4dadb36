// How a transfer is told: for people or for programs.

internal import CopyCore

/// Tells what happens while it happens, and how it ended.
protocol TransferReport {
    /// Where it is told.
    var console: Console { get }
    func noticed(_ message: ServerMessage, at label: String)
    func stating(_ sql: String, at label: String)
    func decided(_ what: String)
    func waiting(for what: String, at label: String)
    /// - Parameter seconds: since the program began; the reading's own are of the copy, by which rates are reckoned.
    func progressed(_ reading: RateMeter.Reading, at seconds: Double, _ destinations: [DestinationLag])
    func faulted(_ label: String, _ error: any Error, _ reaction: FaultReaction)
    func finished(_ outcome: TransferOutcome, _ code: Int32)
}
