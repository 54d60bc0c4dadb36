// The line `\.` of csv, whatever characters are told to quote and to separate: servers differ in what they take for it.

import TestKit
import Testing

@Suite struct CSVMarkerTests {
    @Test(arguments: ["--quote", "--delimiter"])
    func `a quote or a delimiter that is a part of the marker is refused`(option: String) throws {
        let place = try Place(Servers.source, "CREATE TABLE t (a text, b text)")
        for character in [".", "\\"] {
            let result = try transfer("--format=csv", "\(option)=\(character)", "-", place.at()) {
                $0.input = .bytes(Array("one,1\n\\.\ntwo.,2\nthree,3\n".utf8))
            }
            #expect(result.code == 2 && result.errors.contains("end-of-data marker"), "\(result)")
        }
        #expect(try place.count() == 0)
    }

    @Test func `other characters load the same rows at every version, or none`() throws {
        let places = try Servers.versions().map { try Place(Servers.version($0), "CREATE TABLE t (a text)") }
        let endpoints = places.map { $0.at() }
        let inputs = ["\\.\r", "1\n\\.\n", "\"\n\\.\n\"\n", "'\n\\.\n'\n", "x'\\.\n'\n", "\"\\\"\n\\.\n\"\n"]
        var loaded = 0
        for input in inputs {
            for options in [[], ["--quote='"], ["--escape=\\"], ["--escape=."], ["--delimiter=;"]] {
                for endpoint in endpoints { _ = try? transfer("--truncate", "--allow-empty", "null:", endpoint) }
                let result = try transfer(options + ["--format=csv", "-"] + endpoints) {
                    $0.input = .bytes(Array(input.utf8))
                }
                let rows = try Set(places.map { try $0.digest() })
                #expect(rows.count == 1, "\(input.debugDescription) \(options): \(result)")
                #expect(result.code == 0 || rows == ["0 -"], "\(input.debugDescription) \(options): \(result)")
                if rows != ["0 -"] { loaded += 1 }
            }
        }
        // The rule is no refusal of whatever looks like a marker.
        #expect(loaded > 0)
    }

    @Test func `the marker with a lone carriage return at the very end is refused at every version`() throws {
        for version in try Servers.versions() {
            let place = try Place(Servers.version(version), "CREATE TABLE t (a text)")
            let result = try transfer("--format=csv", "-", place.at()) { $0.input = .bytes(Array("\\.\r".utf8)) }
            #expect(result.code == 1 && result.errors.contains("row 1 is \\. alone"), "\(result)")
            #expect(try place.count() == 0)
        }
    }
}
