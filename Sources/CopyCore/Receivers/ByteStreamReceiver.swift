// Rows for a file, a pipe, a terminal: anything with a descriptor.

/// Writes to a descriptor. SIGPIPE is to be ignored by the program.
public final class ByteStreamReceiver: Receiver {
    /// How messages name it.
    public let label: String
    /// No server is behind it.
    public let commandTag: String? = nil

    private let descriptor: CInt
    /// Done when everything is written: a flush to disk, say.
    private let whenFinished: () throws -> Void
    /// Nil before the copy is entered.
    private var writer: DescriptorWriter?
    /// Written before the rows: the header line of the stream they come from.
    var preamble: [UInt8] = []

    /// A receiver that writes a descriptor; whoever opened it closes it.
    /// - Parameter whenFinished: called once when everything is written; what it throws is the receiver's fault.
    public init(_ descriptor: CInt, label: String, whenFinished: @escaping () throws -> Void = {}) {
        self.descriptor = descriptor
        self.label = label
        self.whenFinished = whenFinished
    }

    /// A reader that goes away is noticed while nothing is to be written.
    public var attention: Interest? { writer?.attention }

    /// Finds out how the descriptor is best written.
    public func enter(_ layout: RowLayout) throws -> Step {
        guard writer == nil else { throw PgcopyError.alreadyUsed }
        writer = try DescriptorWriter(descriptor)
        return .done
    }

    /// Ready to be written again. A reader that is gone is told at once, not at the next write.
    public func attend(_ ready: Readiness) throws -> Interest? {
        try writer?.requireReader()
        return nil
    }

    /// Writes as much as is taken.
    public func drain(_ bytes: RawSpan) throws -> Drained {
        guard let writer else { throw PgcopyError.notEntered }
        if let blocked = try writer.write(&preamble) { return Drained(taken: 0, blocked: blocked) }
        return try writer.write(bytes)
    }

    /// Everything is written.
    public func finish() throws -> Step {
        // Where no row has come.
        if let blocked = try writer?.write(&preamble) { return .waiting(blocked) }
        try whenFinished()
        return .done
    }

    /// Nothing to undo: the file is its owner's.
    public func abort(_ reason: String) -> Step { .done }
    /// It is written no more: a pipe may have been opened anew, and would not end.
    public func abandon() { writer = nil }
}
