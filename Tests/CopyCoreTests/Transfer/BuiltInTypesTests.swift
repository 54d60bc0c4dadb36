// The types that are known without asking, beside what servers say.

import TestKit
import Testing

@testable import CopyCore

struct BuiltInTypesTests {
    private func check(_ cluster: Cluster) throws {
        let session = try ScopeKit.session(cluster.conninfo())
        let oids = try session.query(
            "SELECT oid FROM pg_catalog.pg_type WHERE oid < 10000 AND typtype <> 'c'"
        )
        let all = (0..<oids.rowCount).compactMap { oids.value($0, 0).flatMap { UInt32($0) } }
        // 13 has no multiranges.
        #expect(all.count > 160)
        let asked = Catalog.types(
            try session.answer(
                to: Catalog.typesQuestion(all, for: session.version), timeout: nil))
        for oid in all {
            let (known, told) = (BuiltInTypes.node(oid), try #require(asked.nodes[oid]))
            #expect(known?.schema == told.schema && known?.name == told.name && known?.kind == told.kind, "\(oid)")
            #expect(known?.parts == told.parts && told.attributes.isEmpty, "\(told.name)")
        }
    }

    @Test func `are what this server says`() throws { try check(Servers.source) }

    @Test(arguments: (try? Servers.versions()) ?? []) func `are what other versions say`(version: Int) throws {
        try check(Servers.version(version))
    }

    @Test func `of rows, tables' own types and users' nothing is known without asking`() {
        #expect(TypeGraph.unknown([23, 25, 1007, 3904, 16_400, 10_005, 71, 23]) == [71, 10_005, 16_400])
        #expect(BuiltInTypes.node(71) == nil && BuiltInTypes.node(0) == nil && BuiltInTypes.node(.max) == nil)
    }

    @Test func `they are found by halving, so they stand in their order`() {
        #expect(
            BuiltInTypes.oids == BuiltInTypes.oids.sorted() && Set(BuiltInTypes.oids).count == BuiltInTypes.oids.count)
        #expect(BuiltInTypes.oids.allSatisfy { BuiltInTypes.node($0) != nil })
    }

    @Test func `what was asked for joins them, and has the last word`() {
        let both = TypeGraph(nodes: [
            16_400: .init(schema: "s", name: "mood", kind: "e"),
            20: .init(schema: "pg_catalog", name: "else", kind: "b"),
        ])
        #expect(both[16_400]?.name == "mood" && both[23]?.name == "int4" && both[20]?.name == "else")
        #expect(both.structure(1007) == "pg_catalog.int4[]" && both.structure(16_400) == "s.mood")
    }
}
