// Role: a directory that a test writes to and that goes away with it.

import Glibc

/// A fresh directory under TMPDIR (else /tmp), removed with all that is in it by `remove()`, at the end
/// of its life, and in any case at the end of the test process.
///
/// The user who runs the tests owns it, others may enter it, so a cluster's server can read files in it.
public final class TemporaryDirectory: Sendable {
    /// Its absolute path.
    public let path: String

    /// Makes the directory.
    public init() throws {
        path = try makeTemporaryDirectory(in: Keeper.ofProcess.get().directory, prefix: "test")
    }

    deinit { remove() }

    /// The path of a name in it.
    public func file(_ name: String) -> String { path + "/" + name }

    /// Makes a named pipe in it; gives its path.
    public func pipe(_ name: String = "pipe") throws -> String {
        guard mkfifo(file(name), 0o600) == 0 else { throw KitError("mkfifo: errno \(errno)") }
        return file(name)
    }

    /// The names in it, sorted; hidden ones too.
    public func entries() throws -> [String] { try entryNames(path) }

    /// Whether the name is there.
    public func exists(_ name: String) -> Bool { access(file(name), F_OK) == 0 }

    /// The bytes of a file in it.
    public func contents(of name: String) throws -> [UInt8] { try readFile(file(name)) }

    /// The text of a file in it.
    public func text(of name: String) throws -> String { String(decoding: try contents(of: name), as: UTF8.self) }

    /// Writes a file in it and gives its path.
    @discardableResult
    public func write(_ bytes: some Collection<UInt8>, to name: String) throws -> String {
        try writeFile(file(name), bytes)
        return file(name)
    }

    /// Removes it now. Twice does no harm.
    public func remove() { removeTree(path) }
}

/// Makes a directory that others may enter.
func makeTemporaryDirectory(in parent: String? = nil, prefix: String) throws -> String {
    let parent = parent ?? environmentVariable("TMPDIR") ?? "/tmp"
    var template = Array("\(parent)/\(prefix)-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw KitError("cannot make a directory in \(parent): \(describe())") }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard chmod(path, 0o755) == 0 else { throw KitError("chmod \(path): \(describe())") }
    return path
}

/// Throws, in one sentence instead of hundreds of odd failures, where a cluster would soon fill the disk.
func expectRoom(in directory: String) throws {
    var disk = statvfs()
    guard statvfs(directory, &disk) == 0 else { throw KitError("statvfs \(directory): \(describe())") }
    let free = (Int(disk.f_bavail) * Int(disk.f_frsize)) >> 20
    guard free >= 300 else {
        throw KitError(
            "\(free) MiB are free for \(directory), too little for a server: name a folder elsewhere in TMPDIR")
    }
}

/// The names in a directory, sorted.
public func entryNames(_ path: String) throws -> [String] {
    guard let stream = opendir(path) else { throw KitError("cannot list \(path): \(describe())") }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
}

/// Removes a file or a directory with all in it; what is not there is fine.
func removeTree(_ path: String) {
    if unlink(path) == 0 || errno == ENOENT { return }
    for name in (try? entryNames(path)) ?? [] { removeTree(path + "/" + name) }
    rmdir(path)
}
