// Files that appear under their name only when they are complete.

import CopyCore
import ErrorKit
import Glibc
import TestKit
import Testing

@Suite struct `Pending files` {
    private func pending(_ directory: TemporaryDirectory, _ name: String) throws -> PendingFile {
        try PendingFile(replacing: Path(Array(directory.file(name).utf8)))
    }

    private func write(_ text: String, to file: PendingFile) {
        #expect(Glibc.write(file.descriptor, text, text.utf8.count) == text.utf8.count)
    }

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    @Test func `a file has its name only once it is committed`() throws {
        let directory = try TemporaryDirectory()
        let file = try pending(directory, "out")
        write("text", to: file)
        #expect(try !directory.exists("out") && directory.entries().count == 1)
        try file.flush()
        try file.commit()
        #expect(try directory.entries() == ["out"] && directory.text(of: "out") == "text")
        // Later calls are harmless.
        file.discard()
        try file.commit()
        #expect(try directory.text(of: "out") == "text")
    }

    @Test func `a discarded or dropped file leaves the old one and no trace`() throws {
        let directory = try TemporaryDirectory()
        try directory.write(Array("old".utf8), to: "out")
        let file = try pending(directory, "out")
        write("new", to: file)
        #expect(try directory.text(of: "out") == "old")
        file.discard()
        file.discard()
        do {
            let dropped = try pending(directory, "out")
            write("new", to: dropped)
        }
        #expect(try directory.entries() == ["out"] && directory.text(of: "out") == "old")
    }

    @Test(arguments: [0o600, 0o640, 0o664, 0o755] as [mode_t])
    func `a replaced file keeps its mode`(wanted: mode_t) throws {
        let directory = try TemporaryDirectory()
        try directory.write([], to: "out")
        #expect(chmod(directory.file("out"), wanted) == 0)
        try pending(directory, "out").commit()
        #expect(mode(directory.file("out")) == wanted)
    }

    @Test func `a replaced file keeps its owner where that may be given`() throws {
        let directory = try TemporaryDirectory()
        try directory.write([], to: "out")
        // Only root gives files away; anybody else keeps his own.
        let owner = geteuid() == 0 ? 12_345 : geteuid()
        #expect(chown(directory.file("out"), owner, getegid()) == 0)
        try pending(directory, "out").commit()
        var status = stat()
        #expect(stat(directory.file("out"), &status) == 0 && status.st_uid == owner)
    }

    @Test func `a new file has the mode that the umask leaves`() throws {
        let directory = try TemporaryDirectory()
        try directory.write([], to: "reference")
        let created = open(directory.file("created"), O_WRONLY | O_CREAT, 0o666)
        close(created)
        try pending(directory, "out").commit()
        #expect(mode(directory.file("out")) == mode(directory.file("created")))
    }

    @Test func `a symbolic link stays one, and the file it leads to is replaced`() throws {
        let directory = try TemporaryDirectory()
        let elsewhere = try TemporaryDirectory()
        try elsewhere.write(Array("old".utf8), to: "real")
        #expect(symlink(elsewhere.file("real"), directory.file("link")) == 0)
        let file = try pending(directory, "link")
        write("new", to: file)
        try file.commit()
        var status = stat()
        #expect(lstat(directory.file("link"), &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
        #expect(try elsewhere.text(of: "real") == "new" && elsewhere.entries() == ["real"])
    }

    @Test func `a link that leads to nothing yet gets its file`() throws {
        let directory = try TemporaryDirectory()
        #expect(symlink("target", directory.file("link")) == 0)
        let file = try pending(directory, "link")
        write("new", to: file)
        try file.commit()
        #expect(try directory.entries() == ["link", "target"] && directory.text(of: "target") == "new")
    }

    @Test func `names of any bytes and of the full length`() throws {
        let directory = try TemporaryDirectory()
        let long = String(repeating: "n", count: 255)
        try pending(directory, long).commit()
        #expect(try directory.entries() == [long])
        for _ in 0..<2 {
            let path = Array(directory.file("odd").utf8) + [0xff, 0x0a]
            let file = try PendingFile(replacing: Path(path))
            try file.commit()
            #expect(try directory.entries().count == 2)
        }
    }

    @Test func `a folder that is not there is told`() throws {
        let directory = try TemporaryDirectory()
        let error = thrown(.system) { _ = try pending(directory, "nosuch/out") }
        #expect(error?.errno == ENOENT)
    }
}
