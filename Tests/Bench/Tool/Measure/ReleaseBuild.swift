// Role: the program that is measured: built as it is shipped.

import Glibc
import TestKit

/// The release program.
enum ReleaseBuild {
    /// Builds it beside this program, where `Program.pgcopy` looks for it; PGCOPY_PROGRAM names another.
    static func prepare() throws {
        guard getenv("PGCOPY_PROGRAM") == nil else { return }
        say("building pgcopy")
        var program = Program("make", ["build"])
        program.timeout = .seconds(1800)
        for name in ["HOME", "PKG_CONFIG_PATH", "SWIFTLY_HOME_DIR", "SWIFTLY_BIN_DIR", "SWIFTLY_TOOLCHAINS_DIR"] {
            program.environment[name] = getenv(name).map { String(cString: $0) }
        }
        try program.run().expecting(0)
    }
}
