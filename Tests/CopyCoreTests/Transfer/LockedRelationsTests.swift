// What became of the relations that a transaction has locked.

import Testing

@testable import CopyCore

struct LockedRelationsTests {
    private func relation(
        _ oid: String, _ name: String?, version: String = "7 0", isChanged: Bool = false
    ) -> LockedRelations.Relation {
        .init(
            oid: "1640" + oid, name: name, schemaVersion: version, shown: "s\(oid).\(name ?? "")", isChanged: isChanged)
    }

    @Test func `what is changed is told once, whatever the number of its locks`() {
        let twice = LockedRelations([
            relation("1", "t", isChanged: true), relation("1", "t", isChanged: true), relation("2", "u"),
        ])
        #expect(twice.changed == ["s1.t"])
        #expect(twice.changed(since: LockedRelations([])) == ["s1.t"])
    }

    @Test func `a namesake that nobody planned to read, and a schema that was written, are a rename`() {
        let before = LockedRelations([relation("1", "t", version: "7 0"), relation("2", "u")])
        func changed(_ now: [LockedRelations.Relation]) -> [String] { LockedRelations(now).changed(since: before) }
        let written = relation("1", "t", version: "8 0")
        #expect(changed([written, relation("9", "t")]) == ["s1.t"])
        // Each alone is harmless: a grant, a trigger; as is another name, and what was locked before.
        #expect(changed([written]) == [])
        #expect(changed([relation("1", "t", version: "7 0"), relation("9", "t")]) == [])
        #expect(changed([written, relation("9", "v")]) == [])
        #expect(changed([written, relation("2", "u")]) == [])
        #expect(changed([written, relation("9", nil)]) == [])
    }

    @Test func `a schema that somebody was writing already counts as written`() {
        let before = LockedRelations([relation("1", "t", version: "7 9")])
        #expect(
            LockedRelations([relation("1", "t", version: "7 9"), relation("9", "t")]).changed(since: before) == ["s1.t"]
        )
        #expect(LockedRelations([relation("1", "t", version: "7 9")]).changed(since: before) == [])
    }

    /// Each may have been read by the other's name for a while: what was locked from the start tells nothing of that. A view and
    /// the table below it are none.
    @Test func `namesakes that are both copied are one another's where their schemas were written`() {
        let both = [relation("1", "t"), relation("2", "t"), relation("3", "u")]
        #expect(LockedRelations(both).changed(since: LockedRelations(both), copied: ["t"]) == [])
        let written = [
            relation("1", "t", version: "8 0"), relation("2", "t", version: "8 0"), relation("3", "u", version: "8 0"),
        ]
        #expect(LockedRelations(written).changed(since: LockedRelations(both), copied: ["t"]) == ["s1.t", "s2.t"])
        #expect(LockedRelations(written).changed(since: LockedRelations(both)) == [])
    }
}
