// A file that appears under its name only when it is complete.

internal import Glibc

/// Written beside its destination, flushed to disk, then renamed into place. Dropped, it leaves no trace.
public final class PendingFile {
    /// Where to write.
    public let descriptor: CInt
    private let folder: Folder
    private let name: ArraySlice<UInt8>
    /// Its name until it is complete.
    private var temporary: [UInt8]?

    /// Creates the temporary file. Symbolic links are followed: the file they lead to is replaced.
    /// - Throws: also where it could be written and not be renamed into place.
    public init(replacing path: Path) throws(PgcopyError) {
        let destination = path.resolved
        name = destination.name
        guard let folder = Folder(destination.folder) else {
            guard errno == ENOENT else { throw .systemNow("cannot create a file beside it") }
            throw PgcopyError(.system, "the folder \(path.folder.shown) does not exist", detail: ENOENT)
        }
        self.folder = folder
        // A file could be made in it and never be removed.
        guard !folder.isAppendOnly else {
            throw PgcopyError.system("cannot replace a file in an append-only folder", EPERM)
        }
        var free: [UInt8]
        var file: CInt
        repeat {
            free = Self.temporaryName(for: name, longest: folder.longestName)
            file = folder.create(free)
        } while file < 0 && errno == EEXIST
        descriptor = file
        guard descriptor >= 0 else { throw .systemNow("cannot create a file beside it") }
        temporary = free
        // First: another user's file in a sticky folder could not be removed again.
        try check()
        adoptMode()
    }

    deinit { discard() }

    /// A name that nothing has: hidden, and telling whose it is.
    private static func temporaryName(for name: ArraySlice<UInt8>, longest: Int) -> [UInt8] {
        let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8)
        let suffix = Array(".pgcopy.".utf8) + (0..<6).map { _ in letters[Int.random(in: letters.indices)] }
        return [UInt8(ascii: ".")] + name.prefix(max(0, longest - 1 - suffix.count)) + suffix
    }

    /// The old file's mode, owner and group, as far as they may be given; else what the umask leaves of read and write.
    private func adoptMode() {
        if let old = folder.status(of: name) {
            var mode = old.st_mode & 0o7777
            if fchown(descriptor, old.st_uid, old.st_gid) != 0 {
                // To run it as its owner was never ours to give, nor its group's rights to another group.
                mode &= ~S_ISUID
                if fchown(descriptor, .max, old.st_gid) != 0 { mode &= ~(S_ISGID | S_IRWXG) }
            }
            _ = fchmod(descriptor, mode)
        } else {
            let mask = umask(0)
            umask(mask)
            _ = fchmod(descriptor, 0o666 & ~mask)
        }
    }

    /// Finds out what would keep the rename from succeeding, by whatever can be tried without anybody noticing.
    public func check() throws(PgcopyError) {
        guard let temporary else { return }
        guard folder.isInPlace else { throw PgcopyError.system("its folder was moved or removed", ENOENT) }
        guard let named = folder.status(of: temporary), isOwn(named) else {
            throw PgcopyError.system("its temporary file was removed or replaced", ENOENT)
        }
        // Names are given and taken away in the folder: the file itself gets another one.
        let other = Self.temporaryName(for: name, longest: folder.longestName)
        if folder.status(of: other) == nil {
            guard folder.rename(temporary, to: other) else { throw .systemNow("cannot rename in its folder") }
            self.temporary = other
        }
        guard let old = folder.status(of: name) else {
            guard errno == ENOENT else { throw .systemNow("cannot give a file this name") }
            return
        }
        if old.st_mode & S_IFMT == S_IFDIR { throw PgcopyError.isFolder("cannot write") }
        // Every link was followed: this one leads to itself.
        if old.st_mode & S_IFMT == S_IFLNK { throw PgcopyError.system("cannot write", ELOOP) }
        if let code = folder.whyNotRemovable(name) {
            throw PgcopyError.system("cannot replace \(described(old))", code)
        }
        if folder.isMountPoint(name) {
            throw PgcopyError.system("cannot replace a file that is mounted by itself", EBUSY)
        }
    }

    /// What the name stands for is the file that is written.
    private func isOwn(_ named: stat) -> Bool {
        var own = stat()
        return unsafe fstat(descriptor, &own) == 0 && own.st_dev == named.st_dev && own.st_ino == named.st_ino
    }

    private func described(_ old: stat) -> String {
        let isSticky = folder.status.map { $0.st_mode & S_ISVTX != 0 && $0.st_uid != geteuid() } ?? false
        return isSticky && old.st_uid != geteuid()
            ? "another user's file in a sticky folder" : "an immutable or append-only file (see lsattr)"
    }

    /// Everything is written: puts it on disk. A full disk shows here at the latest.
    public func flush() throws(PgcopyError) {
        guard fsync(descriptor) == 0 else { throw .systemNow("cannot flush to disk") }
        try folder.flush()
    }

    /// Gives the file its name, and puts that on disk too.
    public func commit() throws(PgcopyError) { try commit(flushing: true) }

    /// Gives the file its name.
    /// - Parameter flushing: puts that on disk too.
    func commit(flushing: Bool) throws(PgcopyError) {
        guard let temporary else { return }
        guard folder.rename(temporary, to: name) else { throw .systemNow("cannot rename into place") }
        self.temporary = nil
        close(descriptor)
        guard flushing else { return }
        // It has its name; what was wrong with the disk before, `flush` has told.
        try? folder.flush()
    }

    /// Removes what was written.
    public func discard() {
        guard let temporary else { return }
        self.temporary = nil
        folder.remove(temporary)
        close(descriptor)
    }
}
