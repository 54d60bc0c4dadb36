// One argument of the command line as the bytes that the shell gave.

import Glibc

/// A raw argument: paths and connection strings need not be UTF-8.
public struct Argument: Sendable, Hashable {
    /// The bytes, without the final NUL.
    public let bytes: [UInt8]

    /// An argument of these bytes.
    public init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// An argument of this text's UTF-8.
    public init(_ text: String) {
        self.bytes = Array(text.utf8)
    }

    /// The bytes as text; what is no UTF-8 is repaired, so this is for matching and for messages only.
    public var text: String {
        String(decoding: bytes, as: UTF8.self)
    }

    /// The bytes as text, or nil where they are no UTF-8.
    public var validText: String? {
        String(validating: bytes, as: UTF8.self)
    }

    /// What this process was called with, without the program's name.
    public static var ofProcess: [Argument] {
        var arguments: [Argument] = []
        // `CommandLine.arguments` repairs invalid UTF-8 and so loses the bytes.
        let count = Int(CommandLine.argc)
        let vector = unsafe CommandLine.unsafeArgv
        for index in 1..<max(count, 1) {
            guard let start = unsafe vector[index] else { break }
            let bytes = unsafe UnsafeRawBufferPointer(start: start, count: strlen(start))
            arguments.append(unsafe Argument(bytes: Array(bytes)))
        }
        return arguments
    }
}
