// fsync(2) as a test wants it: the test program's own symbol comes before the C library's.

import Glibc
import Synchronization

/// What flushing does below the folders of tests that say so; everywhere else it is the real one.
enum Disk {
    /// Given the path of what is flushed: errno, or 0 for the real call.
    typealias Handler = @Sendable (String) -> CInt

    private static let handlers = Mutex<[String: Handler]>([:])

    /// Runs the body while this answers for every fsync below the folder.
    static func whenFlushed<R>(
        below folder: String, _ handler: @escaping Handler, _ body: () throws -> R
    ) rethrows -> R {
        handlers.withLock { $0[folder] = handler }
        defer { handlers.withLock { $0[folder] = nil } }
        return try body()
    }

    /// errno for a descriptor; 0 where no test wants it to fail.
    static func answer(_ descriptor: CInt) -> CInt {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/fd/\(descriptor)", &buffer, buffer.count)
        guard count > 0 else { return 0 }
        let path = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let handler = handlers.withLock { handlers in
            handlers.first { path == $0.key || path.hasPrefix($0.key + "/") }?.value
        }
        return handler?(path) ?? 0
    }

    /// RTLD_NEXT, which Glibc's module does not show.
    private static var next: UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: -1) }

    /// The C library's.
    static func flush(_ descriptor: CInt) -> CInt {
        unsafeBitCast(dlsym(next, "fsync"), to: (@convention(c) (CInt) -> CInt).self)(descriptor)
    }
}

/// The symbol that everything linked into the test program finds.
@_cdecl("fsync")
public func fsyncOfTheTests(_ descriptor: CInt) -> CInt {
    let code = Disk.answer(descriptor)
    guard code != 0 else { return Disk.flush(descriptor) }
    errno = code
    return -1
}
