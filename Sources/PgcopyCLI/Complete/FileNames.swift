// The names of files where we are.

internal import Glibc

/// Files as they are named from the folder that the program was started in.
enum FileNames {
    /// The paths that begin so, folders with a slash; hidden files only where they are meant.
    static func beginning(with path: [UInt8]) -> [[UInt8]] {
        let before = Array(path.prefix((path.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1))
        let start = path.dropFirst(before.count)
        let place = before.isEmpty ? [UInt8(ascii: ".")] : before
        let opened = unsafe (place + [0]).withUnsafeBytes {
            unsafe opendir($0.baseAddress!.assumingMemoryBound(to: CChar.self))
        }
        guard let folder = unsafe opened else { return [] }
        defer { unsafe closedir(folder) }
        var names: [[UInt8]] = []
        while let entry = unsafe readdir(folder) {
            var name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
            guard name.starts(with: start), name != [0x2E], name != [0x2E, 0x2E] else { continue }
            if name.first == UInt8(ascii: "."), start.first != UInt8(ascii: ".") { continue }
            var status = stat()
            let isFolder = unsafe (before + name + [0]).withUnsafeBytes {
                unsafe stat($0.baseAddress!.assumingMemoryBound(to: CChar.self), &status) == 0
            }
            if isFolder, status.st_mode & S_IFMT == S_IFDIR { name.append(UInt8(ascii: "/")) }
            names.append(before + name)
        }
        return names
    }
}
