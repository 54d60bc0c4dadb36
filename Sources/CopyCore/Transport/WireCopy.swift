// What every copy on the wire itself does where its line breaks.

/// Speaks the protocol on a line of its own.
protocol WireCopy: AnyObject {
    /// The line broke: it is never touched again.
    func noteLoss(_ error: PgcopyError)
}

extension WireCopy {
    /// Notes when the line breaks.
    func guarding<R>(_ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch let error as PgcopyError where error.code == .connectionLost {
            noteLoss(error)
            throw error
        }
    }
}
