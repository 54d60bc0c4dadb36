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

            # Asks the program for values. It asks servers, but no password, and not for long.
            function __pgcopy_ask
                command -q pgcopy; or return
                set -l before (commandline -opc)
                set -l all (commandline -op)
                set -l current (commandline -ct)
                set -l next (math (count $before) + 1)
                test -n "$current"; and set next (math $next + 1)
                set -l after
                test $next -le (count $all); and set after $all[$next..-1]
                set -l word (string replace -r -- '^--[a-z-]+=' '' "$current")
                command pgcopy __complete fish $argv[1] "$word" -- $before[2..-1] "$current" $after 2>/dev/null
            end

            # A word that names no file: a name alone is a database's.
            function __pgcopy_is_path
                string match -q -r -- '^(?!["\\']?file:)[^#]*/' (commandline -ct)
                and not string match -q -- '*://*' (commandline -ct)
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
        let operands = command.operands.flatMap { operand in
            (action(operand.kind).map { ["complete -c pgcopy -n \(condition) \($0)"] } ?? [])
                + (operand.kind.isEndpoint
                    ? [
                        "complete -c pgcopy -n \(quoted("__pgcopy_command_is \(command.name.rawValue); and __pgcopy_is_path")) -F"
                    ]
                    : [])
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
        case .endpoint: "-f -a '- null: file: program: (__pgcopy_ask endpoint)'"
        case .connection: "-f -a '(__pgcopy_ask connection)'"
        case .table: "-f -a '(__pgcopy_ask table)'"
        case .schema: "-f -a '(__pgcopy_ask schema)'"
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
