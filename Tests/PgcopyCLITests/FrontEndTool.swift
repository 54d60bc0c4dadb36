// Runs the programs that check what is generated: shells, groff, mandoc.

import Foundation
import Testing

/// A program of the system.
struct Tool {
    /// What it said and how it ended.
    struct Result {
        let output: String
        let errors: String
        let status: Int32
    }

    let name: String

    /// Runs it; a program that is not installed is a failure, for a test that checks nothing helps nobody.
    func run(_ arguments: [String], in folder: URL? = nil) throws -> Result {
        let path = ["/usr/bin/", "/bin/", "/usr/local/bin/"].map { $0 + name }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
        let executable = try #require(path, "\(name) is not installed: the Makefile tells what the tests need")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.currentDirectoryURL = folder
        let output = try TemporaryFolder()
        for name in ["out", "err"] { try output.write("", to: name) }
        process.standardOutput = try FileHandle(forWritingTo: output.url("out"))
        process.standardError = try FileHandle(forWritingTo: output.url("err"))
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return Result(
            output: String(decoding: try Data(contentsOf: output.url("out")), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: output.url("err")), as: UTF8.self),
            status: process.terminationStatus
        )
    }
}

/// A folder that goes away with its owner.
final class TemporaryFolder {
    let root: URL

    init() throws {
        root = FileManager.default.temporaryDirectory.appendingPathComponent("pgcopy-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: root) }

    func url(_ name: String) -> URL { root.appendingPathComponent(name) }

    func path(_ name: String) -> String { url(name).path }

    /// Writes a file, and returns its path.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        try Data(text.utf8).write(to: url(name))
        return path(name)
    }
}

/// The root of the repository.
let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
