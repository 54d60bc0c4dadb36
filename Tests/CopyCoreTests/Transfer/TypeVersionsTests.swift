// What becomes of types while their values are copied: pure.

import Testing

@testable import CopyCore

@Suite struct `The versions of types` {
    private func versions(_ rows: (String, String?, String, Set<String>)..., replaced: String? = nil) -> TypeVersions {
        var versions = TypeVersions()
        for (type, attribute, version, labels) in rows {
            versions.note(type, attribute: attribute, version: version, labels: labels, isReplaced: type == replaced)
        }
        return versions
    }

    @Test func `are the same where nothing was written`() {
        let before = versions(("pair", "a", "7", []), ("pair", "b", "7", []), ("colour", nil, "", ["1:7", "2:7"]))
        #expect(before.altered(since: before).isEmpty)
        #expect(TypeVersions().altered(since: TypeVersions()).isEmpty)
    }

    @Test func `tell an attribute that is renamed, gone, new or another`() {
        let before = versions(("pair", "a", "7", []), ("pair", "b", "7", []))
        for after in [
            versions(("pair", "c", "8", []), ("pair", "b", "7", [])), versions(("pair", "b", "7", [])),
            versions(("pair", "a", "7", []), ("pair", "b", "7", []), ("pair", "c", "8", [])),
            versions(("pair", "a", "8", []), ("pair", "b", "7", [])), TypeVersions(),
            versions(("pair", "a", "7", []), ("pair", "b", "7", []), replaced: "pair"),
        ] {
            #expect(after.altered(since: before) == ["pair"])
        }
    }

    @Test func `tell a label that is renamed, not one that is added`() {
        let before = versions(("colour", nil, "", ["1:7", "2:7"]))
        #expect(versions(("colour", nil, "", ["1:8", "2:7"])).altered(since: before) == ["colour"])
        #expect(versions(("colour", nil, "", ["1:7", "2:7", "3:8"])).altered(since: before).isEmpty)
    }

    @Test func `say nothing of types that were not asked for before`() {
        let after = versions(("other", "a", "8", []), replaced: "other")
        #expect(after.altered(since: TypeVersions()).isEmpty && after.replaced == ["other"])
    }
}
