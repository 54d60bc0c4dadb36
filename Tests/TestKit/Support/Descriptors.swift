// Role: the few things the kit does with file descriptors, EINTR handled in one place.

import Glibc

/// The words of an errno.
func describe(_ code: Int32 = errno) -> String {
    String(cString: strerror(code))
}

/// Repeats a call that a signal interrupted; -1 stays -1.
@discardableResult
func uninterrupted<Number: SignedInteger>(_ call: () -> Number) -> Number {
    while true {
        let answer = call()
        if answer != -1 || errno != EINTR { return answer }
    }
}

/// A pipe, both ends closed on exec.
public func makePipe() throws -> (reading: Int32, writing: Int32) {
    var ends: [Int32] = [-1, -1]
    guard GNU.pipe2(&ends, O_CLOEXEC) == 0 else { throw KitError("pipe: \(describe())") }
    return (ends[0], ends[1])
}

/// Makes reads and writes return instead of waiting.
func setNonBlocking(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
}

/// One `read` appended to `bytes`: the count, 0 at the end, -1 with errno set.
func readSome(_ descriptor: Int32, into bytes: inout [UInt8], limit: Int = 65_536) -> Int {
    withUnsafeTemporaryAllocation(byteCount: limit, alignment: 1) { buffer in
        let count = uninterrupted { read(descriptor, buffer.baseAddress, limit) }
        if count > 0 { bytes.append(contentsOf: buffer[..<count]) }
        return count
    }
}

/// The whole content of a file.
public func readFile(_ path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw KitError("cannot open \(path): \(describe())") }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    while readSome(descriptor, into: &bytes) > 0 {}
    return bytes
}

/// Writes a file anew.
public func writeFile(_ path: String, _ bytes: some Collection<UInt8>, mode: UInt32 = 0o644) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw KitError("cannot create \(path): \(describe())") }
    defer { close(descriptor) }
    try writeAll(descriptor, Array(bytes))
}

/// Writes everything, waiting as long as it takes.
func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
        let count = bytes.withUnsafeBytes { buffer in
            uninterrupted { write(descriptor, buffer.baseAddress! + sent, buffer.count - sent) }
        }
        guard count >= 0 else { throw KitError("write: \(describe())") }
        sent += count
    }
}

/// A variable of this process's environment.
public func environmentVariable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
}
