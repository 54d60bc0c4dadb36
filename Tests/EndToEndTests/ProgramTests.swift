// The program as a file and as a process that cron starts thousands of times.

import TestKit
import Testing

@Suite struct ProgramTests {
    @Test func `the program needs libpq and no Foundation`() throws {
        let program = try Program.pgcopyPath()
        let needed = try Program("readelf", ["-d", program]).run().expecting(0).output
        let loaded = try Program("ldd", [program]).run().expecting(0).output
        #expect(needed.contains("libpq.so") && loaded.contains("libpq.so"))
        for text in [needed, loaded] {
            for library in ["Foundation", "libicu", "libcurl", "libxml2"] {
                #expect(!text.contains(library), "\(text)")
            }
        }
    }

    @Test func `the version and the help succeed, on stdout`() throws {
        for arguments in [["--version"], ["-V"], ["--help"], ["transfer", "-?"], ["help", "transfer"]] {
            let result = try Program.pgcopy(arguments).run()
            #expect(result.code == 0 && result.errors.isEmpty && !result.output.isEmpty, "\(result)")
        }
        #expect(try Program.pgcopy("--version").run().output.hasPrefix("pgcopy "))
    }

    @Test func `its start takes about as long as psql's`() throws {
        var ours: [Duration] = []
        var theirs: [Duration] = []
        let psql = Program("psql", ["--version"])
        let pgcopy = try Program.pgcopy("--version")
        for _ in 0..<31 {
            let one = try pgcopy.run()
            ours.append(one.userTime + one.systemTime)
            let other = try psql.run()
            theirs.append(other.userTime + other.systemTime)
        }
        let (our, their) = (ours.sorted()[15], theirs.sorted()[15])
        print("--version: pgcopy \(our), psql \(their) of processor time, medians of 31")
        // A debug build on a busy machine; what is guarded against is a library that costs tens of milliseconds.
        #expect(our < their * 2 + .milliseconds(6), "pgcopy \(our), psql \(their)")
    }
}
