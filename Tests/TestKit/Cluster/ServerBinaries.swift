// Role: where the server's programs are.

import Glibc

/// The directory that holds initdb, pg_ctl and postgres of the version to test with.
enum ServerBinaries {
    /// PGCOPY_TEST_BINDIR, else pg_config's, else the newest of Debian's.
    static let directory = Result { try find() }

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
