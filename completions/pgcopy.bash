# bash completion for pgcopy.
# Made from the table of commands by "make docs": do not edit.

# Offers the words that the current word begins.
_pgcopy_words() {
    COMPREPLY+=($(compgen -W "$1" -- "$cur"))
}

# Offers files, behind a prefix that is no part of their name.
_pgcopy_files() {
    local IFS=$'\n'
    COMPREPLY+=($(compgen -P "$1" -f -- "${cur#"$1"}"))
    [[ ${#COMPREPLY[@]} -eq 0 || -n $1 ]] || compopt -o filenames 2>/dev/null
}

_pgcopy_endpoints() {
    case $cur in
    file:*)
        _pgcopy_files file:
        compopt -o nospace 2>/dev/null
        ;;
    *)
        local words
        _pgcopy_words '- null: file: program:'
        words=("${COMPREPLY[@]}")
        COMPREPLY=()
        _pgcopy_files ''
        COMPREPLY+=("${words[@]}")
        [[ ${#COMPREPLY[@]} -ne 1 || $COMPREPLY != @(file|program): ]] || compopt -o nospace 2>/dev/null
        ;;
    esac
}

# Knows each command's options: what is completed depends on the options before it.
_pgcopy_command() {
    options='' letters='' switches='' takers=''
    case $1 in
    transfer)
        options='--table= --exclude-table= --schema= --exclude-schema= --all-tables --query= --where= --columns= --set= --into= --into-schema= --snapshot= --create --truncate --delete --upsert --allow-empty --disable-triggers --sequences --notify= --dry-run --override-read-only --not-same --format= --header --delimiter= --null= --quote= --escape= --encoding= --on-error= --reject-limit= --timeout= --lock-timeout= --reconcile-timeouts --keep-going --allow-unterminated --expect-rows= --jobs= --split-larger-than= --part= --rate-limit= --progress= --interval= --metrics-file= --quiet --verbose --no-password --password --help --version'
        letters='-t -T -n -N -j -q -v -w -W -h -V'
        switches='qvwWh?V'
        takers='tTnNj'
        ;;
    listen)
        options='--channel= --count= --timeout= --format= --exec= --quiet --verbose --reconnect --no-password --password --help --version'
        letters='-c -q -v -w -W -h -V'
        switches='qvwWh?V'
        takers='c'
        ;;
    notify)
        options='--channel= --quiet --verbose --no-password --password --help --version'
        letters='-c -q -v -w -W -h -V'
        switches='qvwWh?V'
        takers='c'
        ;;
    exec)
        options='--command= --file= --sync-every= --quiet --verbose --no-password --password --help --version'
        letters='-c -f -q -v -w -W -h -V'
        switches='qvwWh?V'
        takers='cf'
        ;;
    snapshot)
        options='--table= --exclude-table= --schema= --exclude-schema= --all-tables --quiet --verbose --no-password --password --help --version'
        letters='-t -T -n -N -q -v -w -W -h -V'
        switches='qvwWh?V'
        takers='tTnN'
        ;;
    completions)
        options='--help --version'
        letters='-h -V'
        switches='h?V'
        takers=''
        ;;
    help)
        options='--help --version'
        letters='-h -V'
        switches='h?V'
        takers=''
        ;;
    *)
        options='--help --version'
        letters='-h -V'
        ;;
    esac
}

# Offers the values of an option.
_pgcopy_value() {
    case "$1 $2" in
    'transfer --format') _pgcopy_words 'auto text csv binary' ;;
    'transfer --header') _pgcopy_words 'match skip' ;;
    'transfer --on-error') _pgcopy_words 'stop ignore' ;;
    'transfer --progress') _pgcopy_words 'plain json none' ;;
    'transfer --metrics-file') _pgcopy_files '' ;;
    'listen --format') _pgcopy_words 'text json' ;;
    'exec --file' | 'exec -f') _pgcopy_files '' ;;
    *) ;;
    esac
}

# Offers operands, given how many there are already.
_pgcopy_operand() {
    case "$1 $2" in
    ' 0') _pgcopy_words 'transfer listen notify exec snapshot completions help' ;;
    'transfer 0') _pgcopy_endpoints ;;
    'transfer '*) _pgcopy_endpoints ;;
    'completions 0') _pgcopy_words 'bash zsh fish' ;;
    'help 0') _pgcopy_words 'transfer listen notify exec snapshot completions help' ;;
    *) ;;
    esac
}

_pgcopy() {
    local cur='' name='' ended='' command='' rest=$COMP_LINE word i count=0
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
    cur=${line[${#line[@]}-1]}

    ((${#line[@]} > 2)) && command=${line[1]}
    _pgcopy_command "$command"

    # What came before: an option that waits for its value, operands, "--".
    for ((i = 2; i < ${#line[@]} - 1; i++)); do
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
