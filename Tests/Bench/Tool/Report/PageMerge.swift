// Role: what was measured by itself comes into its place on a page that there is.

/// A page in which sections, and rows of goals, are those of a newer run of some suites.
struct PageMerge {
    private(set) var text: String

    private struct Section {
        /// Empty: what stands before the first.
        var heading: String
        var lines: [String]
    }

    /// How a line begins that names such sections.
    private static let mark = "* measured by themselves, later than the rest"

    /// - Parameters:
    ///   - facts: what the newer run was made on; what the page has not is told with the sections.
    ///   - order: all headings of a whole page, in their order.
    init(_ page: String, with newer: String, facts: [String], order: [String]) throws {
        var sections = Self.sections(page)
        let newSections = Self.sections(newer)
        guard sections.count > 1 else { throw BenchError("there is no page to put the figures on: run all suites") }
        for section in newSections.dropFirst() {
            let same = sections.firstIndex { $0.heading == section.heading }
            if let same, section.heading == "## Goals" {
                sections[same].lines = Self.goals(sections[same].lines, with: section.lines)
            } else if let same {
                sections[same] = section
            } else {
                let behind = order.drop { "## " + $0 != section.heading }
                let next = sections.firstIndex { behind.contains(String($0.heading.dropFirst(3))) }
                sections.insert(section, at: next ?? sections.count)
            }
        }
        let names = newSections.map(\.heading).filter { $0.hasPrefix("## ") && $0 != "## Goals" }.map {
            $0.dropFirst(3)
        }
        let others = facts.filter { fact in !sections[0].lines.contains("* " + fact) }
        Self.note(names.map(String.init), others, in: &sections[0].lines)
        // Whatever ended the page ends it no more, and the other way round.
        text = sections.map { ($0.lines.joined(separator: "\n") + "\n").trimmingEnd + "\n\n" }.joined()
        text.removeLast()
    }

    /// The page's parts; the first has no heading.
    private static func sections(_ page: String) -> [Section] {
        page.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            .reduce(into: [Section(heading: "", lines: [])]) { sections, line in
                if line.hasPrefix("## ") { sections.append(Section(heading: line, lines: [])) }
                sections[sections.count - 1].lines.append(line)
            }
    }

    /// The rows of goals that were measured replace those of the same name; new ones stand behind those that they
    /// stand behind in the newer table.
    private static func goals(_ lines: [String], with newer: [String]) -> [String] {
        func name(_ line: String) -> String? {
            line.hasPrefix("| ") ? line.components(" | ").first : nil
        }
        var lines = lines
        var last: String?
        for row in newer {
            guard let goal = name(row) else { continue }
            defer { if lines.contains(where: { name($0) == goal }) { last = goal } }
            if let same = lines.firstIndex(where: { name($0) == goal }) {
                if !row.hasSuffix("| – |") { lines[same] = row }
            } else if !row.hasSuffix("| – |"), let before = lines.firstIndex(where: { name($0) == last }) {
                lines.insert(row, at: before + 1)
            }
        }
        return lines
    }

    /// Says in the opening which sections are newer, and on what else they were made.
    private static func note(_ names: [String], _ facts: [String], in lines: inout [String]) {
        let beginning = mark + facts.map { "; " + $0 }.joined() + ": "
        // A section is named once: where it was measured last.
        var known: [String] = []
        for index in lines.indices.reversed() where lines[index].hasPrefix(mark) {
            // A fact has colons of its own; the names stand behind the last.
            let parts = lines[index].components(": ")
            let left = parts[parts.count - 1].components(", ").filter { !names.contains($0) }
            let start = parts.dropLast().joined(separator: ": ") + ": "
            if start == beginning { known = left }
            if left.isEmpty || start == beginning {
                lines.remove(at: index)
            } else {
                lines[index] = start + left.joined(separator: ", ")
            }
        }
        let line = beginning + (known + names).joined(separator: ", ")
        lines.insert(line, at: (lines.lastIndex { $0.hasPrefix("* ") } ?? lines.count - 1) + 1)
    }
}

extension String {
    /// What stands between separators.
    fileprivate func components(_ separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }

    /// Without the line feeds at its end.
    fileprivate var trimmingEnd: String {
        var text = self[...]
        while text.hasSuffix("\n") { text.removeLast() }
        return String(text)
    }
}
