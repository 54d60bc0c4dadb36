// The completion script for fish.

/// Writes the script from the table.
enum FishCompletion {
    /// The whole script.
    static var script: String {
        let start = """
            # fish completion for pgcopy.
            # Made from the table of commands by "make docs": do not edit.

            # The command is the first word, and only that one.
            function __pgcopy_command_is
                set -l words (commandline -opc)
                test (count $words) -ge 2; and test "$words[2]" = "$argv[1]"
            end

            function __pgcopy_needs_command
                set -l words (commandline -opc)
                test (count $words) -eq 1
            end

            complete -c pgcopy -f

            """
        let commands = CommandTable.commands.map {
            "complete -c pgcopy -n __pgcopy_needs_command -a \($0.name.rawValue) -d \(quoted($0.summary))"
        }
        let general = CommandTable.generalGroup.options.map { option($0, condition: "__pgcopy_needs_command") }
        return start + (commands + general + CommandTable.commands.flatMap(lines)).map { $0 + "\n" }.joined()
    }

    private static func lines(_ command: CommandSpec) -> [String] {
        let condition = quoted("__pgcopy_command_is \(command.name.rawValue)")
        let operands = command.operands.compactMap { operand in
            action(operand.kind).map { "complete -c pgcopy -n \(condition) \($0)" }
        }
        var seen: [String] = []
        for line in operands where !seen.contains(line) { seen.append(line) }
        return ["", "# \(command.name.rawValue)"] + seen + command.options.map { option($0, condition: condition) }
    }

    private static func option(_ option: OptionSpec, condition: String) -> String {
        var words = ["complete -c pgcopy -n", condition]
        words += option.shorts.map { "-s \(quoted(String($0)))" }
        words.append("-l \(option.long)")
        if option.takesNextWord {
            words.append("-r")
            words.append(option.value.kind.flatMap(action) ?? "-f")
        }
        words.append("-d \(quoted(option.summary))")
        return words.joined(separator: " ")
    }

    private static func action(_ kind: ValueKind) -> String? {
        switch kind {
        case .text: nil
        case .file: "-F"
        case .endpoint: "-F -a '- null: file: program:'"
        case .choices(let choices): "-f -a \(quoted(choices.joined(separator: " ")))"
        }
    }

    /// Inside single quotes fish knows two escapes.
    private static func quoted(_ text: String) -> String {
        var result = "'"
        for character in text {
            if character == "'" || character == "\\" { result.append("\\") }
            result.append(character)
        }
        return result + "'"
    }
}
