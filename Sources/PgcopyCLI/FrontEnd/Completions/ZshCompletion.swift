// The completion script for zsh.

/// Writes the script from the table.
enum ZshCompletion {
    /// The whole script.
    static var script: String {
        """
        #compdef pgcopy
        # zsh completion for pgcopy.
        # Made from the table of commands by "make docs": do not edit.

        # Asks the program for values. It asks servers, but no password, and not for long.
        _pgcopy_ask() {
            local current=$PREFIX ret=1
            local -a values begun whole open
            case $compstate[quote] in
            \\') ;;
            \\") current=${(Q):-\\"$PREFIX\\"} ;;
            *) current=${(Q)PREFIX} ;;
            esac
            values=("${(@f)$(command pgcopy __complete zsh $1 "$current" -- \\
                "${(@Q)words[1,CURRENT-1]}" "$current" "${(@Q)words[CURRENT+1,-1]}" 2>/dev/null)}")
            values=("${(@)values:#}")
            # They need not begin as what is typed: letters are folded, files get a folder. The program has chosen.
            open=("${(@M)values:#*[.:=/]}")
            whole=("${(@)values:#*[.:=/]}")
            (( $#whole )) && compadd -U -i "$IPREFIX" -I "$ISUFFIX" -a whole && ret=0
            (( $#open )) && compadd -U -i "$IPREFIX" -I "$ISUFFIX" -S '' -a open && ret=0
            # What words that begin otherwise have in common must not replace what is typed.
            begun=("${(@M)values:#${(b)current}*}")
            (( compstate[nmatches] > 1 && $#begun < $#values )) && compstate[insert]= compstate[list]=list
            return ret
        }

        _pgcopy_endpoints() {
            local ret=1
            if compset -P 'file:'; then
                _files
                return
            fi
            if [[ $PREFIX == */* && $PREFIX != *://* && $PREFIX != *\\#* ]]; then
                _files
                return
            fi
            compadd -- - null: && ret=0
            compadd -S '' -- file: program: && ret=0
            _pgcopy_ask endpoint && ret=0
            return ret
        }

        _pgcopy_commands() {
            local -a commands
            commands=(
        \(CommandTable.commands.map { "        " + quoted("\($0.name.rawValue):\($0.summary)") }.joined(separator: "\n"))
            )
            _describe -t commands command commands
        }

        _pgcopy() {
            local curcontext="$curcontext" state line
            local -a state_descr
            typeset -A opt_args

            _arguments -s -S -C \\
        \(CommandTable.generalGroup.options.map { specification($0, among: []) }.map(argument).joined())\
                '1:command:_pgcopy_commands' \\
                '*:: :->operands' && return

            case $words[1] in
        \(CommandTable.commands.map(commandCase).joined(separator: "\n"))
            esac
        }

        # Autoloaded, the file is the function's body; sourced, it defines the function only.
        if [[ ${zsh_eval_context[-1]} == loadautofunc ]]; then
            _pgcopy "$@"
        else
            compdef _pgcopy pgcopy
        fi

        """
    }

    private static func commandCase(_ command: CommandSpec) -> String {
        let options = command.options.map { specification($0, among: command.options) }
        let operands = command.operands.enumerated().map { index, operand in
            let position = operand.isRepeated ? "*" : String(index + 1)
            return quoted("\(position):\(operand.placeholder):\(action(operand.kind))")
        }
        let arguments = (options + operands).map { "            " + $0 }.joined(separator: " \\\n")
        return """
                \(command.name.rawValue))
                    _arguments -s -S \\
            \(arguments)
                    ;;
            """
    }

    private static func argument(_ specification: String) -> String {
        "        \(specification) \\\n"
    }

    /// An option in the language of `_arguments`.
    private static func specification(_ option: OptionSpec, among options: [OptionSpec]) -> String {
        let conflicting = options.filter {
            option.conflicts.contains($0.long) || $0.conflicts.contains(option.long)
        }
        let own = option.isRepeatable ? [] : [option]
        let excluded = (own + conflicting).flatMap { $0.shorts.map { "-\($0)" } + [$0.spelling] }
        let description = "[\(escaped(option.summary, in: "[]:\\"))]"
        let value: (short: String, long: String, tail: String)
        switch option.value {
        case .none:
            value = ("", "", "")
        case .required(let placeholder, let kind):
            value = ("+", "=", ":\(placeholder):\(action(kind))")
        case .optional(let placeholder, let kind):
            value = ("-", "=-", "::\(placeholder):\(action(kind))")
        }
        let names = option.shorts.map { "-\($0)\(value.short)" } + [option.spelling + value.long]
        let start = excluded.isEmpty ? "" : "(\(excluded.joined(separator: " ")))"
        let tail = description + value.tail
        if names.count == 1 { return quoted(start + names[0] + tail) }
        // The shell's braces give one word for each name.
        return "\(quoted(start)){\(names.map(quoted).joined(separator: ","))}\(quoted(tail))"
    }

    private static func action(_ kind: ValueKind) -> String {
        switch kind {
        case .text: " "
        case .file: "_files"
        case .endpoint: "_pgcopy_endpoints"
        // With a blank in front nothing is put between the words.
        case .connection: " _pgcopy_ask connection"
        case .table: " _pgcopy_ask table"
        case .schema: " _pgcopy_ask schema"
        case .choices(let choices): "(\(choices.joined(separator: " ")))"
        }
    }

    private static func escaped(_ text: String, in special: String) -> String {
        text.map { special.contains($0) ? "\\\($0)" : String($0) }.joined()
    }

    /// Inside single quotes nothing is special but the quote.
    private static func quoted(_ text: String) -> String {
        "'" + text.map { $0 == "'" ? "'\\''" : String($0) }.joined() + "'"
    }
}
