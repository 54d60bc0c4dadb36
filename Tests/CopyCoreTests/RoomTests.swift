// The rooms of CopyCore stand one above the other.

import TestKit
import Testing

@Suite struct `The folders of CopyCore` {
    /// From the bottom to the top: a file mentions what its own folder declares, and those before it.
    private static let order = [
        "Poll", "Children", "Endpoints", "Files", "Session", "Transport", "Manager", "Producers", "Receivers",
        "Pipeline", "Scopes", "Notifications", "Transfer",
    ]

    private let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/Sources/CopyCore"

    @Test func `are used in one direction`() throws {
        let files = try Self.order.enumerated().flatMap { rank, folder in
            try paths(folder).map { (path: $0, rank: rank, source: MentionedNames(try TextFile(root + "/" + $0).text)) }
        }
        var home: [String: Int] = [:]
        for file in files { for name in file.source.declared { home[name] = file.rank } }
        let upwards = files.flatMap { file in
            file.source.mentioned.subtracting(file.source.declaredAnywhere)
                .filter { home[$0].map { $0 > file.rank } ?? false }
                .map { "\(file.path): \($0) of \(Self.order[home[$0]!])" }
        }
        #expect(upwards.sorted() == [])
        #expect(home.count > 100)
    }

    @Test func `are all in the order`() throws {
        #expect(try entryNames(root).filter { !$0.hasSuffix(".swift") } == Self.order.sorted())
    }

    @Test func `wait in the loop alone`() throws {
        let lines = try ["CopyCore", "PgcopyCLI", "PQ"].flatMap { folder in
            try paths("../" + folder).flatMap { path in
                try TextFile(root + "/" + path).text.split(separator: "\n").map { (path: path, text: $0) }
            }
        }
        // A poll(2) that returns at once waits for nothing.
        let polls = lines.filter { $0.text.contains("poll(&") && !$0.text.contains(", 1, 0)") }
        #expect(Set(polls.map(\.path)) == ["../CopyCore/Poll/Loop.swift", "../CopyCore/Poll/SystemPoller.swift"])
        // But for a copy that is alone.
        let waits = lines.filter { $0.text.contains(".wait(for: &") }
        #expect(waits.map(\.path) == ["../CopyCore/Manager/CopyManager+Cycle.swift"])
    }

    /// The Swift files in a folder and below it.
    private func paths(_ folder: String) throws -> [String] {
        try entryNames(root + "/" + folder).flatMap { name in
            name.hasSuffix(".swift") ? ["\(folder)/\(name)"] : try paths("\(folder)/\(name)")
        }
    }
}

/// The types and functions that a source declares and mentions; comments and strings are passed over.
private struct MentionedNames {
    /// At the top level.
    var declared: Set<String> = []
    var declaredAnywhere: Set<String> = []
    var mentioned: Set<String> = []

    init(_ source: String) {
        var isInText = false
        for line in source.split(separator: "\n") {
            if line.split(separator: "\"\"\"", omittingEmptySubsequences: false).count == 2 { isInText.toggle() }
            if !isInText { take(code(of: line), isTopLevel: line.first != " ") }
        }
    }

    private func code(of line: Substring) -> [Character] {
        var code: [Character] = []
        var isInString = false
        var previous: Character = " "
        for character in line {
            if character == "\"", previous != "\\" { isInString.toggle() }
            if !isInString, previous == "/", character == "/" { break }
            if !isInString { code.append(character) }
            previous = character
        }
        return code
    }

    private mutating func take(_ code: [Character], isTopLevel: Bool) {
        var rest = code[...]
        var before = ""
        while let start = rest.firstIndex(where: { $0.isLetter || $0 == "_" }) {
            let word = String(rest[start...].prefix { $0.isLetter || $0.isNumber || $0 == "_" })
            let end = start + word.count
            if ["class", "struct", "enum", "protocol", "typealias", "func"].contains(before) {
                if before != "func" { declaredAnywhere.insert(word) }
                if isTopLevel { declared.insert(word) }
            } else if word.first!.isUppercase {
                mentioned.insert(word)
            } else if end < code.count, code[end] == "(", start == 0 || code[start - 1] != "." || before == "CopyCore" {
                mentioned.insert(word)
            }
            before = word
            rest = code[end...]
        }
    }
}
