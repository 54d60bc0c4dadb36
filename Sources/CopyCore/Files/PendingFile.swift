// A file that appears under its name only when it is complete.

internal import Glibc

/// Written beside its destination, flushed to disk, then renamed into place. Dropped, it leaves no trace.
public final class PendingFile {
    /// Where to write.
    public let descriptor: CInt
    private let destination: Path
    private var temporary: Path?

    /// Creates the temporary file. Symbolic links are followed: the file they lead to is replaced.
    public init(replacing path: Path) throws(SystemError) {
        destination = path.resolved
        // Room for ".", ".pgcopy.XXXXXX" within NAME_MAX.
        let name = destination.name.prefix(255 - 16)
        var template = destination.folder.bytes + [UInt8(ascii: ".")] + name + Array(".pgcopy.XXXXXX".utf8) + [0]
        descriptor = unsafe template.withUnsafeMutableBytes { buffer in
            unsafe mkstemp(buffer.baseAddress!.assumingMemoryBound(to: CChar.self))
        }
        guard descriptor >= 0 else { throw .now("cannot create a file beside \(path.text)") }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        temporary = Path(template.dropLast())
        adoptMode()
    }

    deinit { discard() }

    /// The old file's mode and owner; else what the umask leaves of read and write.
    private func adoptMode() {
        var old = stat()
        if unsafe destination.withCString({ unsafe stat($0, &old) }) == 0 {
            _ = fchown(descriptor, old.st_uid, old.st_gid)
            _ = fchmod(descriptor, old.st_mode & 0o7777)
        } else {
            let mask = umask(0)
            umask(mask)
            _ = fchmod(descriptor, 0o666 & ~mask)
        }
    }

    /// Everything is written: puts it on disk. A full disk, or one that fails, shows here at the latest.
    public func flush() throws(SystemError) {
        guard fsync(descriptor) == 0 else { throw .now("cannot flush to disk") }
        try flushFolder()
    }

    /// Puts names on disk, where the file system can. Tried before anything is committed too: a folder that
    /// cannot be flushed must not be found out by the rename.
    private func flushFolder() throws(SystemError) {
        let folder = unsafe destination.folder.withCString { unsafe open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard folder >= 0 else {
            // A folder may be written by who may not read it; it cannot be flushed then.
            if errno == EACCES { return }
            throw .now("cannot open the file's folder")
        }
        defer { close(folder) }
        // Some file systems do not flush folders; the file itself is safe.
        guard fsync(folder) == 0 || errno == EINVAL else { throw .now("cannot flush the file's folder to disk") }
    }

    /// Gives the file its name, and puts that on disk too.
    public func commit() throws(SystemError) {
        guard let temporary else { return }
        let renamed = unsafe temporary.withCString { from in
            unsafe destination.withCString { unsafe rename(from, $0) }
        }
        guard renamed == 0 else { throw .now("cannot rename into place") }
        self.temporary = nil
        close(descriptor)
        // It went well a moment ago. Should the disk fail now: the file is there, which is what is to be told.
        try? flushFolder()
    }

    /// Removes what was written.
    public func discard() {
        guard let temporary else { return }
        self.temporary = nil
        _ = unsafe temporary.withCString { unsafe unlink($0) }
        close(descriptor)
    }
}
