// Servers of other versions are found, and can be run by their user.

import Glibc
import Testing

@testable import TestKit

@Suite struct ServerBinariesTests {
    /// A directory as `.ci/server-versions` leaves it, in one with these permissions.
    private func server(in mode: mode_t, _ folder: TemporaryDirectory) throws -> String {
        let directory = folder.file("servers/99")
        try Program("mkdir", ["-p", directory + "/package/bin"]).run().expecting(0)
        try writeFile(directory + "/package/bin/initdb", Array("#!/bin/sh\nexit 7\n".utf8))
        chmod(directory + "/package/bin/initdb", 0o755)
        symlink("package/bin", directory + "/bin")
        chmod(folder.file("servers"), mode)
        return directory
    }

    @Test func `a directory that all may read is used as it is`() throws {
        let folder = try TemporaryDirectory()
        defer { folder.remove() }
        let directory = try server(in: 0o755, folder)
        #expect(try ServerBinaries.reachable(directory) == directory)
    }

    @Test func `a directory that others may not read is copied where another user runs it`() throws {
        let folder = try TemporaryDirectory()
        defer { folder.remove() }
        let directory = try server(in: 0o700, folder)
        let used = try ServerBinaries.reachable(directory)
        #expect((used != directory) == (geteuid() == 0))
        var command = [used + "/bin/initdb"]
        if geteuid() == 0 { command = ["setpriv", "--reuid=postgres", "--clear-groups"] + command }
        #expect(try Program(command[0], Array(command.dropFirst())).run().code == 7)
        if used != directory { removeTree(used) }
    }

    @Test func `a server that is missing is told with the command that gets it`() throws {
        let error = #expect(throws: KitError.self) { try ServerBinaries.reachable("/nonexistent/99") }
        #expect(error?.description.contains("`.ci/dependencies versions`") == true)
        #expect(throws: KitError.self) { try Servers.version(9) }
    }
}
