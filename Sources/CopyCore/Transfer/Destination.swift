// One destination of a transfer, whatever it is.

/// Takes rows by its receiver, and keeps them only when told to.
protocol Destination: AnyObject {
    /// How messages name it.
    var label: String { get }
    /// What takes the rows.
    var receiver: any Receiver { get }
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
}

extension Destination {
    func settling(isVital: Bool) -> PipelinePart? { nil }
    func recheck() throws {}
    func requireAlive() throws {}
}
