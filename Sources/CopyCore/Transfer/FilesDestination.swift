// A file for each table.

/// Rows of each table written beside a file of its own; all are renamed into place at the end.
final class FilesDestination: Destination {
    let label: String
    let rows: Int? = nil
    private let files: [PendingFile]

    /// - Parameter paths: one for each table, in the plan's order.
    init(_ paths: [Path], label: String) throws {
        self.label = label
        // A file's, and its folder's.
        DescriptorLimit.makeRoom(for: 2 * paths.count)
        files = try paths.map { path in try named(path) { try PendingFile(replacing: path) } }
    }

    /// What writes a stream's tables, each to its file.
    func receiver(_ track: PartTrack) -> any Receiver {
        SerialReceiver(label: label, track) { [files, label] part in
            ByteStreamReceiver(files[part.table].descriptor, label: label)
        }
    }

    func settle() throws { for file in files { try file.flush() } }
    func recheck() throws { for file in files { try file.check() } }

    func commit() throws {
        try inTurn(files, done: "files were renamed into place") { _, file in try file.commit() }
    }

    func rollBack() { for file in files { file.discard() } }
}

/// What fails says which file it was.
private func named<R>(_ path: Path, _ body: () throws -> R) throws -> R {
    do {
        return try body()
    } catch let error as PgcopyError {
        throw PgcopyError(error.code, "\(Echo.printable(path.text)): \(error)", causes: [error], detail: error.detail)
    }
}
