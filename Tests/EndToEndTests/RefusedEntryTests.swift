// A destination whose server refuses the COPY itself, after all that was asked before went well.

import TestKit
import Testing

@Suite struct RefusedEntryTests {
    @Test(arguments: [[], ["--keep-going"]])
    func `a COPY that is refused rolls back all, and with --keep-going only its own destination`(
        options: [String]
    ) throws {
        let trio = try Trio(rows: 50)
        let role = "reader_" + trio.second.database
        try trio.second.sql("CREATE ROLE \(role); GRANT SELECT, INSERT (id) ON t TO \(role)")
        let refused =
            trio.second.cluster.conninfo(database: trio.second.database, ["options": "-c role=\(role)"]) + "#t"
        let result = try transfer(options + [trio.source.at(), refused, trio.first.at()])
        #expect(result.code == (options.isEmpty ? 1 : 3), "\(result)")
        #expect(result.errors.contains("permission denied for table t"), "\(result)")
        #expect(try trio.first.count() == (options.isEmpty ? 0 : 50))
        #expect(try trio.second.count() == 0)
        try trio.expectNoBackends()
        try trio.second.sql("DROP OWNED BY \(role); DROP ROLE \(role)")
    }
}
