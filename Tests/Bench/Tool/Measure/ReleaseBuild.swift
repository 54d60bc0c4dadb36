// Role: the program that is measured: built as it is shipped.

import Glibc
import TestKit

/// The release program.
enum ReleaseBuild {
    /// Builds it, unless PGCOPY_PROGRAM names one, and makes it what `Program.pgcopy` runs.
    static func prepare() throws {
        guard getenv("PGCOPY_PROGRAM") == nil else { return }
        say("building pgcopy")
        let flags = ["build", "-c", "release", "--static-swift-stdlib"]
        try swift(flags + ["--product", "pgcopy"])
        let directory = try swift(flags + ["--show-bin-path"]).output.split(separator: "\n").last
        guard let directory else { throw BenchError("swift build says no directory of its products") }
        setenv("PGCOPY_PROGRAM", "\(directory)/pgcopy", 1)
    }

    @discardableResult
    private static func swift(_ arguments: [String]) throws -> ProgramResult {
        var program = Program("swift", arguments)
        program.timeout = .seconds(1800)
        for name in ["HOME", "PKG_CONFIG_PATH", "SWIFTLY_HOME_DIR", "SWIFTLY_BIN_DIR", "SWIFTLY_TOOLCHAINS_DIR"] {
            program.environment[name] = getenv(name).map { String(cString: $0) }
        }
        return try program.run().expecting(0)
    }
}
