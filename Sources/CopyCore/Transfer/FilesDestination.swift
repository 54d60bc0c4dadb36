// A file for each table.

internal import Glibc

/// Rows of each table written beside a file of its own; all are renamed into place at the end.
final class FilesDestination: Destination {
    let label: String
    let rows: Int? = nil
    private let files: [PendingFile]

    /// - Parameter paths: one for each table, in the plan's order.
    init(_ paths: [Path], label: String) throws {
        self.label = label
        Self.makeRoom(for: paths.count)
        files = try paths.map { path in try named(path) { try PendingFile(replacing: path) } }
    }

    /// What writes a stream's tables, each to its file.
    func receiver(_ track: PartTrack) -> any Receiver {
        SerialReceiver(label: label, track) { [files, label] part in
            ByteStreamReceiver(files[part.table].descriptor, label: label)
        }
    }

    /// Each file has two descriptors, its folder's included.
    private static func makeRoom(for count: Int) {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        let wanted = rlim_t(2 * count + 256)
        guard limit.rlim_cur < wanted else { return }
        limit.rlim_cur = min(wanted, limit.rlim_max)
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    func settle() throws { for file in files { try file.flush() } }
    func recheck() throws { for file in files { try file.check() } }

    func commit() throws {
        for (number, file) in files.enumerated() {
            do {
                try file.commit()
            } catch {
                guard number > 0 else { throw error }
                throw PgcopyError(
                    .commitInDoubt, "\(number) of \(files.count) files were renamed into place, then: \(error)",
                    causes: [error])
            }
        }
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
