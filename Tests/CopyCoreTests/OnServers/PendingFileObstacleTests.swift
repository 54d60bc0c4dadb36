// Renames that would fail, found out before.

import CopyCore
import Glibc
import TestKit
import Testing

@Suite struct `Obstacles to pending files` {
    private func pending(_ path: String) throws -> PendingFile { try PendingFile(replacing: Path(Array(path.utf8))) }

    /// The errno of what is thrown, 0 where nothing is.
    private func code(_ body: () throws -> Void) -> CInt {
        do { try body() } catch { return (error as? PgcopyError)?.errno ?? -1 }
        return 0
    }

    @Test func `a name that is too long is told before anything is written`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file(String(repeating: "n", count: 256))
        #expect(code { _ = try pending(path) } == ENAMETOOLONG)
        #expect(try directory.entries() == [])
    }

    @Test func `looking changes nothing, however often`() throws {
        let directory = try TemporaryDirectory()
        try directory.write("old".utf8, to: "out")
        let file = try pending(directory.file("out"))
        var before = stat()
        #expect(stat(directory.file("out"), &before) == 0)
        for _ in 0..<3 { try file.check() }
        var after = stat()
        #expect(stat(directory.file("out"), &after) == 0)
        #expect(before.st_ino == after.st_ino && before.st_ctim.tv_nsec == after.st_ctim.tv_nsec)
        #expect(try directory.entries().count == 2 && directory.text(of: "out") == "old")
        try file.commit()
        #expect(try directory.entries() == ["out"] && directory.text(of: "out") == "")
    }

    @Test func `a destination that became a folder is told, and the folder stays`() throws {
        let directory = try TemporaryDirectory()
        let file = try pending(directory.file("out"))
        #expect(mkdir(directory.file("out"), 0o755) == 0)
        #expect(code { try file.check() } == EISDIR)
        file.discard()
        #expect(try directory.entries() == ["out"])
    }

    @Test func `a folder that was moved or removed is told, and nothing is left in it`() throws {
        let directory = try TemporaryDirectory()
        #expect(mkdir(directory.file("folder"), 0o755) == 0)
        let moved = try pending(directory.file("folder/out"))
        #expect(rename(directory.file("folder"), directory.file("moved")) == 0)
        #expect(code { try moved.check() } == ENOENT)
        // Another one in its place is not the same.
        #expect(mkdir(directory.file("folder"), 0o755) == 0)
        #expect(code { try moved.check() } == ENOENT)
        moved.discard()
        #expect(try entryNames(directory.file("moved")).isEmpty && entryNames(directory.file("folder")).isEmpty)
        let removed = try pending(directory.file("folder/out"))
        #expect(try unlink(directory.file("folder/") + #require(entryNames(directory.file("folder")).first)) == 0)
        #expect(rmdir(directory.file("folder")) == 0)
        #expect(code { try removed.check() } == ENOENT)
        #expect(code { try removed.commit() } == ENOENT)
    }
}
