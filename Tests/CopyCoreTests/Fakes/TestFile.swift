// Descriptors for tests of byte streams.

import Glibc
import Testing

/// A file without a name, in memory.
final class TestFile {
    let descriptor: CInt

    /// Glibc's module does not show memfd_create.
    private typealias Create = @convention(c) (UnsafePointer<CChar>, CUnsignedInt) -> CInt
    private static let allowSealing: CUnsignedInt = 2

    init(_ content: String = "") throws {
        let symbol = try #require(dlsym(nil, "memfd_create"))
        descriptor = unsafeBitCast(symbol, to: Create.self)("pgcopy-test", Self.allowSealing)
        try #require(descriptor >= 0)
        writeAll(descriptor, Array(content.utf8))
        lseek(descriptor, 0, SEEK_SET)
    }

    deinit { close(descriptor) }

    /// From now on the file cannot grow: a write behind its end fails.
    func seal() {
        let addSeals: CInt = 1033
        let grow: CInt = 4
        _ = fcntl(descriptor, addSeals, grow)
    }

    var content: String {
        lseek(descriptor, 0, SEEK_SET)
        return String(decoding: readAll(descriptor), as: UTF8.self)
    }
}

/// A pipe whose ends can be closed one by one.
final class TestPipe {
    private(set) var readEnd: CInt
    private(set) var writeEnd: CInt

    init() throws {
        var ends: [CInt] = [-1, -1]
        try #require(pipe(&ends) == 0)
        readEnd = ends[0]
        writeEnd = ends[1]
        // No program that another test starts is to keep an end.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }

    func closeReadEnd() {
        if readEnd >= 0 { close(readEnd) }
        readEnd = -1
    }

    func closeWriteEnd() {
        if writeEnd >= 0 { close(writeEnd) }
        writeEnd = -1
    }

    deinit {
        closeReadEnd()
        closeWriteEnd()
    }
}

func writeAll(_ descriptor: CInt, _ bytes: [UInt8]) {
    var done = 0
    while done < bytes.count {
        let count = bytes[done...].withUnsafeBytes { write(descriptor, $0.baseAddress!, $0.count) }
        guard count > 0 else { return }
        done += count
    }
}

/// Everything up to the end, or what a pipe holds when it is not to block.
func readAll(_ descriptor: CInt) -> [UInt8] {
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, 0) > 0 else { return all }
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return all }
        all += buffer[..<count]
    }
}
