// What keeps a file from being replaced by a rename.

import Glibc
import TestKit
import Testing

/// A reason why the rename at the end of a copy would fail.
struct Obstacle: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// A part of the message.
    let words: String
    /// The file's name, in the folder `place`.
    var name = "out"
    /// Puts it there; in the folder.
    private let script: String
    /// Takes it away, so that the folder can be removed.
    private var undo = ":"
    /// Nothing can be removed from the folder, not what was written either.
    private(set) var keepsEverything = false

    /// Those that can be there before the program starts.
    static let early = [
        // The program has no CAP_FOWNER: see `program`.
        Obstacle(
            testDescription: "another user's file in a sticky folder",
            words: "cannot replace another user's file in a sticky folder",
            script: ": >>out; chown 4321 out .; chmod 1777 ."),
        Obstacle(
            testDescription: "an immutable file", words: "cannot replace an immutable or append-only file",
            script: ": >>out; chattr +i out", undo: "chattr -i out"),
        Obstacle(
            testDescription: "an append-only file", words: "cannot replace an immutable or append-only file",
            script: ": >>out; chattr +a out", undo: "chattr -a out"),
        Obstacle(
            testDescription: "a file that is mounted by itself",
            words: "cannot replace a file that is mounted by itself",
            script: ": >>out; mount --bind out out", undo: "umount out"),
        Obstacle(
            testDescription: "an append-only folder", words: "append-only folder", script: "chattr +a .",
            undo: "chattr -a ."),
        Obstacle(
            testDescription: "a name that is too long", words: "File name too long",
            name: String(repeating: "n", count: 256), script: ":"),
    ].filter(\.canBeMade)

    /// Those that can come while the copy runs.
    static let late =
        early.filter { $0.name == "out" && $0.words != "append-only folder" }
        + [
            Obstacle(testDescription: "a folder of this name", words: "Is a directory", script: "rm -f out; mkdir out"),
            Obstacle(
                testDescription: "a folder that was moved", words: "its folder was moved or removed",
                script: "cd ..; mv place elsewhere"),
            Obstacle(
                testDescription: "an immutable folder", words: "Operation not permitted", script: "chattr +i .",
                undo: "chattr -i .", keepsEverything: true),
        ].filter(\.canBeMade)

    /// Some need privileges, or a file system that knows them.
    private var canBeMade: Bool {
        guard let directory = try? TemporaryDirectory() else { return false }
        mkdir(directory.file("place"), 0o755)
        defer { clear(directory) }
        return (try? make(in: directory)) != nil
    }

    /// Puts it into the folder `place` of a directory.
    func make(in directory: TemporaryDirectory) throws { try sh(script, directory) }

    /// Takes it away.
    func clear(_ directory: TemporaryDirectory) { try? sh(undo, directory) }

    private func sh(_ script: String, _ directory: TemporaryDirectory) throws {
        try Program("sh", ["-e", "-c", "cd \"$1\"; \(script)", "sh", directory.file("place")]).run().expecting(0)
    }

    /// `pgcopy transfer` as one who may not do everything with files of others.
    static func program(_ arguments: [String]) throws -> Program {
        let words = [try Program.pgcopyPath(), "transfer"] + arguments
        guard geteuid() == 0 else { return Program(words[0], Array(words.dropFirst())) }
        return Program("setpriv", ["--bounding-set", "-fowner"] + words)
    }
}
