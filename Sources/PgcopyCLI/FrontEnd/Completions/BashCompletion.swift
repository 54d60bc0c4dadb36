// The completion script for bash, 3.2 and later, with or without the bash-completion package.

/// Writes the script from the table.
enum BashCompletion {
    /// The whole script.
    static var script: String {
        """
        # bash completion for pgcopy.
        # Made from the table of commands by "make docs": do not edit.

        # Offers the words that the current word begins.
        _pgcopy_words() {
            COMPREPLY+=($(compgen -W "$1" -- "$cur"))
        }

        # Offers files.
        _pgcopy_files() {
            local name
            while IFS= read -r name; do
                COMPREPLY+=("$name")
            done < <(compgen -f -- "$cur")
            [[ ${#COMPREPLY[@]} -eq 0 ]] || compopt -o filenames 2>/dev/null
        }

        # Asks the program for values, which it gives as they are typed. It asks servers, but no password, and not for long.
        _pgcopy_ask() {
            local value typed=''
            {
                IFS= read -r typed
                while IFS= read -r value; do
                    COMPREPLY+=("$value")
                done
            } < <(command pgcopy __complete bash "$1" "$cur" "$COMP_WORDBREAKS" -- ${line[@]+"${line[@]:1}"} 2>/dev/null)
            [[ ${#COMPREPLY[@]} -lt 2 ]] || _pgcopy_spare "$typed"
            _pgcopy_nospace
        }

        # Bash puts what all have in common in place of what is typed. Where that is less, those that do not go on from it,
        # such as names in quotes, are left out.
        _pgcopy_spare() {
            local value common=${COMPREPLY[0]}
            local -a longer
            longer=()
            for value in "${COMPREPLY[@]}"; do
                while [[ $value != "$common"* ]]; do common=${common%?}; done
                [[ $value != "$1"* ]] || longer+=("$value")
            done
            [[ $common == "$1"* || ${#longer[@]} -eq 0 ]] || COMPREPLY=("${longer[@]}")
        }

        # What a name goes on behind is no whole word.
        _pgcopy_nospace() {
            [[ ${#COMPREPLY[@]} -ne 1 || $COMPREPLY != *[.:=/] && $COMPREPLY != */\\' ]] || compopt -o nospace 2>/dev/null
        }

        _pgcopy_endpoints() {
            case $cur in
            file:*)
                _pgcopy_ask endpoint
                ;;
            *://* | *'#'*)
                _pgcopy_ask endpoint
                [[ ${#COMPREPLY[@]} -ne 0 || $cur == *://* ]] || _pgcopy_files
                ;;
            */*)
                _pgcopy_files
                ;;
            *)
                _pgcopy_words '\(endpointWords)'
                _pgcopy_ask endpoint
                ;;
            esac
        }

        # Knows each command's options: what is completed depends on the options before it.
        _pgcopy_command() {
            options='' letters='' switches='' takers=''
            case $1 in
        \(CommandTable.commands.map(optionCase).joined(separator: "\n"))
            *)
                options='\(longNames(CommandTable.generalGroup.options))'
                letters='\(letters(CommandTable.generalGroup.options))'
                ;;
            esac
        }

        # Offers the values of an option.
        _pgcopy_value() {
            case "$1 $2" in
        \(CommandTable.commands.flatMap(valueCases).joined(separator: "\n"))
            *) ;;
            esac
        }

        # Offers operands, given how many there are already.
        _pgcopy_operand() {
            case "$1 $2" in
            ' 0') _pgcopy_words '\(CommandName.allCases.map(\.rawValue).joined(separator: " "))' ;;
        \(CommandTable.commands.flatMap(operandCases).joined(separator: "\n"))
            *) ;;
            esac
        }

        _pgcopy() {
            local cur='' name='' ended='' command='' rest=$COMP_LINE word i last count=0
            local options letters switches takers
            local -a line
            line=()
            COMPREPLY=()

            # Bash splits words at "=" and ":" as well: join what has no blank between.
            for ((i = 0; i <= COMP_CWORD; i++)); do
                word=${COMP_WORDS[i]}
                if ((${#line[@]} > 0)) && [[ $rest != [[:blank:]]* ]]; then
                    line[${#line[@]}-1]+=$word
                else
                    line+=("$word")
                fi
                rest=${rest#*"$word"}
            done
            last=$((${#line[@]} - 1))
            cur=${line[last]}
            # What stands behind the cursor: the source may be there.
            for ((; i < ${#COMP_WORDS[@]}; i++)); do
                word=${COMP_WORDS[i]}
                if ((${#line[@]} > last + 1)) && [[ $rest != [[:blank:]]* ]]; then
                    line[${#line[@]}-1]+=$word
                else
                    line+=("$word")
                fi
                rest=${rest#*"$word"}
            done

            ((last > 1)) && command=${line[1]}
            _pgcopy_command "$command"

            # What came before: an option that waits for its value, operands, "--".
            for ((i = 2; i < last; i++)); do
                word=${line[i]}
                if [[ -n $name ]]; then
                    name=''
                elif [[ -z $ended && $word == -- ]]; then
                    ended=1
                elif [[ -z $ended && $word == --*=* ]]; then
                    continue
                elif [[ -z $ended && $word == --* ]]; then
                    [[ " $options " == *" $word= "* ]] && name=$word
                elif [[ -z $ended && $word == -?* ]]; then
                    [[ -n $takers && $word =~ ^-[$switches]*[$takers]$ ]] && name=-${word: -1}
                else
                    ((count++))
                fi
            done

            if [[ -n $name ]]; then
                _pgcopy_value "$command" "$name"
            elif [[ -z $ended && $cur == --*=* ]]; then
                name=${cur%%=*}
                cur=${cur#*=}
                _pgcopy_value "$command" "$name"
                # Bash replaces only what stands behind "=", unless it was told not to split there.
                if [[ $COMP_WORDBREAKS != *=* ]]; then
                    COMPREPLY=("${COMPREPLY[@]/#/$name=}")
                fi
                return
            elif [[ -z $ended && $cur == -?* ]]; then
                _pgcopy_words "$options"
                [[ ${#COMPREPLY[@]} -ne 1 || $COMPREPLY != *= ]] || compopt -o nospace 2>/dev/null
            else
                _pgcopy_operand "$command" "$count"
                [[ -n $ended || $cur != - ]] || _pgcopy_words "$letters $options"
            fi

            # The same for ":": what stands before the last one is there already.
            if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
                word=${cur%"${cur##*:}"}
                for ((i = 0; i < ${#COMPREPLY[@]}; i++)); do
                    COMPREPLY[i]=${COMPREPLY[i]#"$word"}
                done
            fi
        }

        complete -F _pgcopy pgcopy

        """
    }

    /// The words that stand for endpoints.
    private static let endpointWords = "- null: file: program:"

    private static func optionCase(_ command: CommandSpec) -> String {
        let short = command.options.filter { !$0.shorts.isEmpty }
        let switches = short.filter { $0.value.kind == nil }.flatMap(\.shorts)
        let takers = short.filter { $0.takesNextWord }.flatMap(\.shorts)
        return """
                \(command.name.rawValue))
                    options='\(longNames(command.options))'
                    letters='\(letters(command.options))'
                    switches='\(String(switches))'
                    takers='\(String(takers))'
                    ;;
            """
    }

    /// A name that takes the next word as its value ends in "=".
    private static func longNames(_ options: [OptionSpec]) -> String {
        options.map { $0.spelling + ($0.takesNextWord ? "=" : "") }.joined(separator: " ")
    }

    /// The short letters; "?" would match files.
    private static func letters(_ options: [OptionSpec]) -> String {
        options.flatMap(\.shorts).filter { $0 != "?" }.map { "-\($0)" }.joined(separator: " ")
    }

    private static func valueCases(_ command: CommandSpec) -> [String] {
        command.options.compactMap { option in
            guard let action = option.value.kind.flatMap(action) else { return nil }
            let spellings = [option.spelling] + option.shorts.map { "-\($0)" }
            let patterns = spellings.map { "'\(command.name.rawValue) \($0)'" }.joined(separator: " | ")
            return "    \(patterns)) \(action) ;;"
        }
    }

    private static func operandCases(_ command: CommandSpec) -> [String] {
        command.operands.enumerated().compactMap { index, operand in
            guard let action = action(operand.kind) else { return nil }
            let pattern = operand.isRepeated ? "'\(command.name.rawValue) '*" : "'\(command.name.rawValue) \(index)'"
            return "    \(pattern)) \(action) ;;"
        }
    }

    private static func action(_ kind: ValueKind) -> String? {
        switch kind {
        case .text: nil
        case .file: "_pgcopy_files"
        case .endpoint: "_pgcopy_endpoints"
        case .connection: "_pgcopy_ask connection"
        case .table: "_pgcopy_ask table"
        case .schema: "_pgcopy_ask schema"
        case .choices(let choices): "_pgcopy_words '\(choices.joined(separator: " "))'"
        }
    }
}
