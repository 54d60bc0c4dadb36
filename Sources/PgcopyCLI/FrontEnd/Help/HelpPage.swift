// A page of help that is being written: paragraphs, lists in two columns, command lines.

/// Lays plain text out in a width.
struct HelpPage {
    private var lines: [String] = []
    private let width: Int
    /// Narrow pages put meanings below their term.
    private let isNarrow: Bool
    /// Where the meanings of options start.
    private static let optionColumn = 32

    /// An empty page; widths beyond the limits are brought to them.
    init(width: Int) {
        self.width = min(max(width, HelpText.leastWidth), HelpText.mostWidth)
        isNarrow = self.width < 64
    }

    /// What has been written.
    var text: String { lines.map { $0 + "\n" }.joined() }

    /// An empty line.
    mutating func gap() {
        lines.append("")
    }

    /// A title.
    mutating func section(_ title: String) {
        gap()
        lines += TextWrap.lines(title + ":", width: width)
    }

    /// Running text.
    mutating func paragraph(_ text: String, indent: Int = 0) {
        lines += TextWrap.lines(Self.plain(text), width: width, indent: indent)
    }

    /// The options of a group.
    mutating func options(_ group: OptionGroup) {
        section(group.title)
        list(group.options.map { Definition($0.allSpellings, $0.summary) }, column: Self.optionColumn)
    }

    /// Terms and their meanings, which start at the column, or where they fit behind every term.
    mutating func list(_ definitions: [Definition], column: Int? = nil) {
        let longest = definitions.map(\.term.count).max() ?? 0
        let start = isNarrow ? 6 : column ?? min(longest + 4, Self.optionColumn)
        for definition in definitions {
            let term = TextWrap.lines(definition.term, width: width, indent: 2)
            let meaning = TextWrap.lines(Self.plain(definition.meaning), width: width, indent: start)
            guard !isNarrow, term.count == 1, term[0].count < start, !meaning.isEmpty else {
                lines += term + meaning
                continue
            }
            // The first line of the meaning stands behind the term.
            lines.append(term[0] + meaning[0].dropFirst(term[0].count))
            lines += meaning.dropFirst()
        }
    }

    /// A command line; where it is too long it goes on in the next line.
    mutating func synopsis(_ words: [String]) {
        commandLine(words, indent: 2, continuation: "")
    }

    /// As `synopsis`, but it goes on behind a backslash, so that it can be copied.
    mutating func example(_ words: [String]) {
        commandLine(words, indent: 4, continuation: " \\")
    }

    private mutating func commandLine(_ words: [String], indent: Int, continuation: String) {
        var line = String(repeating: " ", count: indent)
        var isEmpty = true
        for (index, word) in words.enumerated() {
            let reserve = index == words.count - 1 ? 0 : continuation.count
            if !isEmpty, line.count + 1 + word.count + reserve > width {
                lines.append(line + continuation)
                line = String(repeating: " ", count: indent + 2)
                isEmpty = true
            }
            line += isEmpty ? word : " " + word
            isEmpty = false
        }
        lines.append(line)
    }

    /// The neutral markup without its marks.
    private static func plain(_ text: String) -> String {
        text.filter { $0 != "`" }
    }
}
