// A man page that is being written.

/// Collects man(7) source.
struct RoffPage {
    private var lines: [String]

    /// A page with its heading; the comment says where it comes from.
    init(title: String, section: Int) {
        lines = [
            ".\\\" Made from the table of commands by \"make docs\": do not edit.",
            ".TH \(Roff.literal(title.uppercased())) \(section) \(Version.date) \"pgcopy \(Version.current)\"",
            ".nh",
            ".ad l",
        ]
    }

    /// The source.
    var text: String { lines.map { $0 + "\n" }.joined() }

    /// A section.
    mutating func section(_ title: String) {
        lines.append(".SH \"\(title.uppercased())\"")
    }

    /// A part of a section.
    mutating func subsection(_ title: String) {
        lines.append(".SS \"\(title)\"")
    }

    /// Lines of roff.
    mutating func raw(_ source: String...) {
        lines += source
    }

    /// Paragraphs of running text; the first needs no break before it.
    mutating func paragraphs(_ texts: [String]) {
        for (index, text) in texts.enumerated() {
            if index > 0 { lines.append(".PP") }
            lines.append(Roff.prose(text))
        }
    }

    /// An entry of a list: a term that is roff already, and paragraphs.
    mutating func entry(_ term: String, _ texts: [String]) {
        lines += [".TP", Roff.atLineStart(term)]
        for (index, text) in texts.enumerated() {
            if index > 0 { lines.append(".IP") }
            lines.append(Roff.prose(text))
        }
    }

    /// A list of terms.
    mutating func list(_ definitions: [Definition]) {
        for definition in definitions {
            entry(Roff.bold(definition.term), [Roff.sentence(definition.meaning)])
        }
    }

    /// The options of a group, everything said.
    mutating func options(_ group: OptionGroup, of command: CommandSpec?) {
        for option in group.options {
            let shorts = option.shorts.map { Roff.bold("-\($0)") }
            let sentences = [Roff.sentence(option.summary)] + option.details + Self.conflicts(of: option, in: command)
            entry((shorts + [Self.longForm(option)]).joined(separator: ", "), [sentences.joined(separator: " ")])
        }
    }

    /// A synopsis: what is typed is bold, what stands for something is italic.
    mutating func synopsis(_ command: CommandSpec) {
        var words = [Roff.bold("pgcopy \(command.name.rawValue)")]
        if !command.ownGroups.isEmpty { words.append("[" + Roff.italic("OPTION") + "]...") }
        for operand in command.operands {
            let name = Roff.italic(operand.placeholder) + (operand.isRepeated ? "..." : "")
            words.append(operand.isRequired ? name : "[\(name)]")
        }
        lines.append(words.joined(separator: " "))
    }

    /// Examples to copy.
    mutating func examples(_ examples: [Example]) {
        for (index, example) in examples.enumerated() {
            if index > 0 { lines.append(".PP") }
            lines += [Roff.prose(example.purpose + ":"), ".PP", ".RS 4", ".nf"]
            lines += Self.broken(example.words)
            lines += [".fi", ".RE"]
        }
    }

    /// The table tells a conflict at one of its two ends only.
    private static func conflicts(of option: OptionSpec, in command: CommandSpec?) -> [String] {
        let others = (command?.options ?? []).filter {
            option.conflicts.contains($0.long) || $0.conflicts.contains(option.long)
        }
        if others.isEmpty { return [] }
        return ["Not together with " + others.map { "`\($0.spelling)`" }.joined(separator: " or ") + "."]
    }

    private static func longForm(_ option: OptionSpec) -> String {
        let name = Roff.bold(option.spelling)
        guard let placeholder = option.value.placeholder else { return name }
        let value: String
        if let choices = option.value.kind?.choices {
            value = choices.map(Roff.bold).joined(separator: "|")
        } else {
            value = Roff.italic(placeholder)
        }
        switch option.value {
        case .none, .required: return "\(name)=\(value)"
        case .optional: return "\(name)[=\(value)]"
        }
    }

    /// A command line in lines short enough for 80 columns and two indents.
    private static func broken(_ words: [String]) -> [String] {
        var lines = [""]
        for word in words {
            let last = lines[lines.count - 1]
            if !last.isEmpty, last.count + 1 + word.count > 60 {
                lines[lines.count - 1] = last + " \\"
                lines.append("    " + word)
            } else {
                lines[lines.count - 1] = last.isEmpty ? word : last + " " + word
            }
        }
        return lines.map { Roff.atLineStart(Roff.literal($0)) }
    }
}
