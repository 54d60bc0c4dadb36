// Files that are read at once.

internal import Glibc

/// Reads a file that others have written, for what stands in it.
enum SmallFile {
    /// More is no small file.
    private static let most = 1 << 20

    /// What it holds; nil where it cannot be read, or holds more than a mebibyte. A named pipe keeps nobody waiting.
    static func bytes(_ path: Path) -> [UInt8]? {
        let file = unsafe path.withCString { unsafe open($0, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) }
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count <= most {
            let count = unsafe read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
        return nil
    }
}
