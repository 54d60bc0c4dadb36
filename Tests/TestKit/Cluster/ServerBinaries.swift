// Role: where the server's programs are.

import Glibc

/// The directory that holds initdb, pg_ctl and postgres of the version to test with.
enum ServerBinaries {
    /// PGCOPY_TEST_BINDIR, else pg_config's, else the newest of Debian's.
    static let directory = Result { try find() }

    /// The versions that `.ci/server-versions` installs.
    static let others = [13, 14, 16, 17, 18]

    /// The same of a certain version; nil: as above.
    static func directory(version: Int?) throws -> String {
        guard let version else { return try directory.get() }
        return try reachable(packageDirectory + "/.build/servers/\(version)") + "/bin"
    }

    /// A version's directory, or a copy of it where the user who runs the servers cannot go: root's tests run them as
    /// another, and a clone may lie in root's home.
    static func reachable(_ directory: String) throws -> String {
        guard hasInitdb(directory + "/bin") else {
            throw KitError("the tests between versions need \(directory): run `.ci/dependencies versions`")
        }
        guard geteuid() == 0, !isOpenToAll(directory) else { return directory }
        let copy = try makeTemporaryDirectory(in: Keeper.ofProcess.get().directory, prefix: "server")
        try Program("cp", ["-a", directory + "/.", copy]).run().expecting(0)
        return copy
    }

    /// Whether everybody may enter it and all that it lies in.
    private static func isOpenToAll(_ directory: String) -> Bool {
        var status = stat()
        return stat(directory, &status) == 0 && status.st_mode & S_IXOTH != 0
            && (directory == "/" || isOpenToAll(parent(of: directory)))
    }

    private static func parent(of path: String) -> String {
        let parent = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        return parent.isEmpty ? "/" : String(parent)
    }

    /// Four levels above this file.
    private static let packageDirectory = (0..<4).reduce(#filePath) { path, _ in parent(of: path) }

    /// The major version of `directory`.
    static func ownVersion() throws -> Int { try own.get() }

    private static let own = Result {
        let answer = try Program(directory.get() + "/postgres", ["--version"]).run().expecting(0).output
        guard let version = answer.split(separator: " ").last(where: { $0.first?.isNumber ?? false }),
            let major = Int(version.prefix { $0.isNumber })
        else { throw KitError("postgres --version says: \(answer)") }
        return major
    }

    private static func find() throws -> String {
        if let path = environmentVariable("PGCOPY_TEST_BINDIR") {
            guard hasInitdb(path) else { throw KitError("PGCOPY_TEST_BINDIR=\(path) holds no initdb") }
            return path
        }
        if let asked = try? Program("pg_config", ["--bindir"]).run(), asked.code == 0 {
            let path = String(asked.output.prefix { $0 != "\n" })
            if hasInitdb(path) { return path }
        }
        let root = "/usr/lib/postgresql"
        let versions = ((try? entryNames(root)) ?? []).compactMap { Int($0) }.sorted(by: >)
        for path in versions.map({ "\(root)/\($0)/bin" }) where hasInitdb(path) { return path }
        throw KitError(
            """
            these tests need a PostgreSQL server and found no initdb: install one (apt install postgresql), \
            or name its directory of programs in PGCOPY_TEST_BINDIR
            """)
    }

    private static func hasInitdb(_ directory: String) -> Bool { access(directory + "/initdb", X_OK) == 0 }
}
