// Runs the programs that check what is generated: shells, groff, mandoc.

import TestKit

/// Runs a program of the system to its end, which has a limit; one that is not installed is a failure, for a
/// test that checks nothing helps nobody.
/// - Parameter withProgram: it finds `pgcopy` by its name.
func runTool(
    _ name: String, _ arguments: [String], in folder: TemporaryDirectory? = nil, withProgram: Bool = false
) throws -> ProgramResult {
    let path =
        try withProgram ? Program.product("pgcopy").split(separator: "/").dropLast().map { "/" + $0 }.joined() : ""
    return try Program(name, arguments).with {
        $0.directory = folder?.path
        if withProgram { $0.environment["PATH"] = path + ":" + ($0.environment["PATH"] ?? "") }
    }.run()
}

/// The root of the repository.
let repository = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
