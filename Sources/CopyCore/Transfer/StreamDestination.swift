// Destinations without a server: stdout, devices, pipes, files, nothing.

internal import Glibc

/// Rows written as they come; nothing can be taken back.
final class StreamDestination: Destination {
    let label: String
    /// What writes them.
    let receiver: any Receiver
    let rows: Int? = nil
    /// Keeps the descriptor open.
    private let file: OpenFile?

    /// - Throws: `PgcopyError` with `.system` where nothing can ever be written, as where stdout was closed.
    init(descriptor: CInt, label: String) throws {
        if DescriptorWriter.isForReadingOnly(descriptor) { throw PgcopyError.closed(descriptor) }
        self.label = label
        file = nil
        receiver = ByteStreamReceiver(descriptor, label: label)
    }

    init(_ file: OpenFile, label: String) {
        self.label = label
        self.file = file
        receiver = ByteStreamReceiver(file.descriptor, label: label)
    }

    init(null label: String) {
        self.label = label
        file = nil
        receiver = NullReceiver(label: label)
    }

    func settle() {}
    /// Throws where the reader has left by now: it may not have read all of it.
    func recheck() throws { _ = try receiver.attend([]) }
    func commit() {}
    func rollBack() {}
}

/// Rows written beside a file and renamed into its place.
final class FileDestination: Destination {
    let label: String
    /// What writes them.
    let receiver: any Receiver
    let rows: Int? = nil
    private let file: PendingFile

    init(_ path: Path, label: String) throws {
        self.label = label
        let file = try PendingFile(replacing: path)
        self.file = file
        receiver = ByteStreamReceiver(file.descriptor, label: label)
    }

    func settle() throws { try file.flush() }
    func recheck() throws { try file.check() }
    func commit() throws { try file.commit() }
    func rollBack() { file.discard() }
}
