// What makes a file itself, whatever it is called.

internal import Glibc

/// Device and inode, whatever links lead there.
struct FileIdentity: Hashable {
    private let device: UInt64
    private let inode: UInt64
    /// Bytes that are read there are the very bytes that are written there: a regular file, a disk, a named pipe.
    let givesBack: Bool
    /// What two write there gets mixed up; a terminal or /dev/null is for all.
    let isOneStream: Bool

    private init(_ status: stat) {
        let kind = status.st_mode & S_IFMT
        givesBack = kind == S_IFREG || kind == S_IFBLK || kind == S_IFIFO
        isOneStream = kind != S_IFCHR
        // A disk may have several nodes.
        device = kind == S_IFBLK ? .max : UInt64(status.st_dev)
        inode = kind == S_IFBLK ? UInt64(status.st_rdev) : UInt64(status.st_ino)
    }

    /// Of what a path leads to; nil when there is nothing.
    init?(at path: Path) {
        var status = stat()
        guard unsafe path.withCString({ unsafe stat($0, &status) }) == 0 else { return nil }
        self.init(status)
    }

    /// Of what a descriptor is open on; nil when it is closed.
    init?(of descriptor: CInt) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }
}

extension Path {
    /// Whether both are one file, or will be: its folder and its name make it one where nothing is there yet.
    package func isSameFile(as other: Path) -> Bool {
        if let own = FileIdentity(at: self) { return own == FileIdentity(at: other) }
        return FileIdentity(at: other) == nil && place == other.place
    }

    /// Where it leads to, by folders that are there.
    var place: Path {
        let target = resolved
        return Path(target.folder.resolved.bytes + [UInt8(ascii: "/")] + target.name)
    }
}
