// Rows of a file, a pipe, a terminal: anything with a descriptor.

internal import Glibc

/// Produces what a descriptor gives until its end.
///
/// It never sets the descriptor non-blocking, since other programs may share it: it polls, then reads once.
public final class ByteStreamProducer: Producer {
    /// How messages name it.
    public let label: String
    /// What was produced so far.
    public private(set) var totals = Totals.zero
    /// How the rows lie.
    public let layout: RowLayout

    private let descriptor: CInt
    private var scanner: RowScanner
    private var stage = Stage.unused
    private enum Stage { case unused, entered, ended }

    /// A producer that reads a descriptor; whoever opened it closes it.
    public init(_ descriptor: CInt, layout: RowLayout = .text, label: String) {
        self.descriptor = descriptor
        self.layout = layout
        self.label = label
        scanner = RowScanner(layout)
    }

    /// Throws when it was used before.
    public func enter() throws -> Step {
        guard stage == .unused else { throw CopyMisuse.alreadyUsed }
        stage = .entered
        return .done
    }

    /// Reads once, when there is something to read.
    public func fill(_ space: inout MutableRawSpan) throws -> Filled {
        guard try isReadable() else { return .blocked(Interest(descriptor, .read)) }
        let count = unsafe space.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress!, $0.count) }
        if count < 0 {
            let code = errno
            guard code == EINTR || code == EAGAIN else { throw SystemError("cannot read", code) }
            return .blocked(Interest(descriptor, .read))
        }
        if count == 0 {
            // A server takes binary rows without their trailer: the one sign of a stream that merely stopped.
            if scanner.isCutOff { throw CutOffInput() }
            // A last line without its line end is a row as well.
            let last = Totals(messages: stage != .ended && scanner.endsInsideRow ? 1 : 0)
            totals += last
            stage = .ended
            return .ended(last)
        }
        let moved = unsafe space.withUnsafeMutableBytes { buffer in
            Totals(
                messages: scanner.count(unsafe UnsafeRawBufferPointer(rebasing: buffer[..<count]).bytes), bytes: count)
        }
        totals += moved
        return .moved(moved)
    }

    private func isReadable() throws -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&entry, 1, 0) > 0
    }

    /// Nothing to undo.
    public func realign() -> Step { .done }
    /// Nothing to let go.
    public func abandon() {}
}
