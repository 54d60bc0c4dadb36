// The folder a file is in, held open while something is made in it.

internal import Glibc

/// A folder by its descriptor: what is done in it reaches it wherever it is moved to.
final class Folder {
    private let descriptor: CInt
    private let path: Path
    private let identity: FileIdentity?

    /// Linux's O_PATH, which Swift's Glibc does not show: names can be changed in a folder that may not be listed.
    private static let pathOnly: CInt = 0o10_000_000
    /// FS_IOC_GETFLAGS and FS_APPEND_FL of <linux/fs.h>.
    private static let getFlags: UInt = 0x8008_6601
    private static let appendOnly: CInt = 0x20

    /// Nil, with errno, when it cannot be had.
    init?(_ path: Path) {
        self.path = path
        descriptor = unsafe path.withCString { unsafe open($0, Self.pathOnly | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else { return nil }
        identity = FileIdentity(of: descriptor)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// How many bytes a name in it may have.
    var longestName: Int {
        let longest = fpathconf(descriptor, CInt(_PC_NAME_MAX))
        return longest > 0 ? longest : 255
    }

    /// It is where it was opened, not moved or removed.
    var isInPlace: Bool { identity != nil && FileIdentity(at: path) == identity }

    /// It takes files and never lets go of their names (`chattr +a`).
    var isAppendOnly: Bool {
        guard let listed = reopened() else { return false }
        defer { close(listed) }
        var flags: CInt = 0
        return unsafe ioctl(listed, Self.getFlags, &flags) == 0 && flags & Self.appendOnly != 0
    }

    /// Creates a file that is not there yet; its descriptor, or -1 with errno.
    func create(_ name: some Sequence<UInt8>) -> CInt {
        unsafe withName(name) {
            unsafe openat(descriptor, $0, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0o600)
        }
    }

    /// What has this name, which may be a symbolic link; nil, with errno, where it cannot be told.
    func status(of name: some Sequence<UInt8>) -> stat? {
        var status = stat()
        let found = unsafe withName(name) { unsafe fstatat(descriptor, $0, &status, AT_SYMLINK_NOFOLLOW) }
        return found == 0 ? status : nil
    }

    /// Its own.
    var status: stat? {
        var status = stat()
        return unsafe fstat(descriptor, &status) == 0 ? status : nil
    }

    /// Gives a file another name in it; false, with errno, where that fails.
    func rename(_ from: some Sequence<UInt8>, to name: some Sequence<UInt8>) -> Bool {
        unsafe withName(from) { from in
            unsafe withName(name) { unsafe renameat(descriptor, from, descriptor, $0) == 0 }
        }
    }

    /// Removes a file.
    func remove(_ name: some Sequence<UInt8>) {
        _ = unsafe withName(name) { unsafe unlinkat(descriptor, $0, 0) }
    }

    /// Why the name of a file may not be taken away, as errno; nil when it may.
    ///
    /// rmdir(2) is asked: it refuses a file with ENOTDIR, but only after everything that the kernel also checks before
    /// another file may take the name: sticky folders, immutable and append-only files, those in use as swap space,
    /// owners that cannot be mapped, all with the capabilities of this process.
    func whyNotRemovable(_ name: some Sequence<UInt8>) -> CInt? {
        let kept = status(of: name)
        let code = unsafe withName(name) { name -> CInt in
            guard unsafe unlinkat(descriptor, name, AT_REMOVEDIR) == 0 else { return errno }
            // An empty folder took the file's place this very moment: it goes back.
            _ = unsafe mkdirat(descriptor, name, (kept?.st_mode ?? 0o777) & 0o7777)
            return EISDIR
        }
        // Another code than EPERM is about folders only: EACCES, say, where a sandbox forbids rmdir.
        return code == EPERM || code == EISDIR ? code : nil
    }

    /// Whether a file system of its own is mounted on a file, so that its name is held: EBUSY.
    func isMountPoint(_ name: some Sequence<UInt8>) -> Bool {
        let file = unsafe withName(name) {
            unsafe openat(descriptor, $0, Self.pathOnly | O_NOFOLLOW | O_CLOEXEC, 0)
        }
        guard file >= 0 else { return false }
        defer { close(file) }
        guard let its = mount(of: file), let own = mount(of: descriptor) else { return false }
        return its != own
    }

    /// Puts its names on disk.
    func flush() throws(PgcopyError) {
        // One that may not be listed cannot be flushed; the file itself is safe.
        guard let listed = reopened() else { return }
        defer { close(listed) }
        if fsync(listed) == 0 { return }
        // Some file systems cannot flush a folder.
        guard ![EINVAL, EBADF, ENOTSUP, EROFS].contains(errno) else { return }
        throw .systemNow("cannot flush its folder to disk")
    }

    private func reopened() -> CInt? {
        let listed = unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        return listed >= 0 ? listed : nil
    }

    /// The line `mnt_id:` of /proc/self/fdinfo; nil where that is not to be had.
    private func mount(of descriptor: CInt) -> ArraySlice<UInt8>? {
        let info = unsafe open("/proc/self/fdinfo/\(descriptor)", O_RDONLY | O_CLOEXEC)
        guard info >= 0 else { return nil }
        defer { close(info) }
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
            count = unsafe max(0, read(info, buffer.baseAddress!, buffer.count))
        }
        return bytes.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: "mnt_id:".utf8) }
    }

    private func withName<R>(_ name: some Sequence<UInt8>, _ body: (UnsafePointer<CChar>) -> R) -> R {
        unsafe Path(Array(name)).withCString(body)
    }
}
