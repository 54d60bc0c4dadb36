// One destination of a transfer, whatever it is.

/// Keeps the rows that its receivers have taken only when told to.
protocol Destination: AnyObject {
    /// How messages name it.
    var label: String { get }
    /// What its server does before `settle`, together with the others'; nil where there is none.
    func settling(isVital: Bool) -> PipelinePart?
    /// Everything that can still fail before rows are there to stay.
    func settle() throws
    /// The last look, when all are settled, for what can be foreseen to fail.
    func recheck() throws
    /// Throws where it is known by now that it cannot commit.
    func requireAlive() throws
    /// Makes the rows stay.
    func commit() throws
    /// Leaves nothing behind.
    func rollBack()
    /// Rows its server counted; nil where none did.
    var rows: Int? { get }
    /// The tables that it has loaded, where a server is behind it: not all of the destination's, where there are many streams.
    var tables: [String] { get }
}

/// Makes one after the other stay; where some do and one fails, the destination is neither what it was nor what it should be.
/// - Parameter done: what is said of those.
func inTurn<Each>(_ all: [Each], done: String, _ commit: (Int, Each) throws -> Void) throws {
    for (number, each) in all.enumerated() {
        do {
            try commit(number, each)
        } catch {
            guard number > 0 else { throw error }
            throw PgcopyError(
                .commitInDoubt, "\(number) of \(all.count) \(done), then: \(error)", causes: [error])
        }
    }
}

extension Destination {
    var tables: [String] { [] }
    func settling(isVital: Bool) -> PipelinePart? { nil }
    func recheck() throws {}
    func requireAlive() throws {}
}
