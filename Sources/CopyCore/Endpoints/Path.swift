// File names as the system has them: bytes.

internal import Glibc

/// A path: any bytes but zero.
public struct Path: Sendable, Hashable {
    /// Its bytes, without a terminating zero.
    public let bytes: [UInt8]

    /// A path of these bytes.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// For a person: what is no UTF-8 is replaced.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The path as C has it, alive during `body`.
    func withCString<R>(_ body: (UnsafePointer<CChar>) throws -> R) rethrows -> R {
        try unsafe (bytes + [0]).withUnsafeBytes { buffer in
            try unsafe body(buffer.baseAddress!.assumingMemoryBound(to: CChar.self))
        }
    }

    /// The folder it is in, with the slash; "./" when it names none.
    var folder: Path {
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return Path(Array("./".utf8)) }
        return Path(Array(bytes[...slash]))
    }

    /// A folder without the slash at its end, where that is no password's.
    var shown: String {
        let text = bytes.count > 1 && bytes.last == UInt8(ascii: "/") ? Path(bytes.dropLast()).text : text
        return Redaction.mayHoldPassword(text) ? Redaction.mark : text
    }

    /// What follows the last slash.
    package var name: ArraySlice<UInt8> {
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return bytes[...] }
        return bytes[(slash + 1)...]
    }

    /// The path with every symbolic link followed, also one that leads to nothing yet.
    var resolved: Path {
        var path = self
        // As many links as the system follows.
        for _ in 0..<40 {
            if let real = path.real { return real }
            guard let next = path.next else { return path }
            path = next
        }
        return path
    }

    /// Where a symbolic link leads, nil when this is none.
    var next: Path? {
        linkTarget.map { $0.first == UInt8(ascii: "/") ? Path($0) : Path(folder.bytes + $0) }
    }

    /// What realpath(3) says, nil when nothing is there.
    private var real: Path? {
        unsafe withCString { path in
            guard let real = unsafe realpath(path, nil) else { return nil }
            defer { unsafe free(real) }
            return unsafe Path(Array(UnsafeRawBufferPointer(start: real, count: strlen(real))))
        }
    }

    /// What a symbolic link says, nil when this is none.
    private var linkTarget: [UInt8]? {
        unsafe withCString { path in
            let target = unsafe [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, count in
                let raw = UnsafeMutableRawBufferPointer(buffer)
                count = unsafe max(0, readlink(path, raw.baseAddress!.assumingMemoryBound(to: CChar.self), raw.count))
            }
            return target.isEmpty ? nil : target
        }
    }
}
