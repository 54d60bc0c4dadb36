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
    [[ ${#COMPREPLY[@]} -ne 1 || $COMPREPLY != *[.:=/] && $COMPREPLY != */\' ]] || compopt -o nospace 2>/dev/null
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
        _pgcopy_words '- null: file: program:'
        _pgcopy_ask endpoint
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
        options='--command= --file= --sync-every= --stop-on-error --format= --timing --quiet --verbose --no-password --password --help --version'
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
    'transfer --table' | 'transfer -t') _pgcopy_ask table ;;
    'transfer --exclude-table' | 'transfer -T') _pgcopy_ask table ;;
    'transfer --schema' | 'transfer -n') _pgcopy_ask schema ;;
    'transfer --exclude-schema' | 'transfer -N') _pgcopy_ask schema ;;
    'transfer --format') _pgcopy_words 'auto text csv binary' ;;
    'transfer --header') _pgcopy_words 'match skip' ;;
    'transfer --on-error') _pgcopy_words 'stop ignore' ;;
    'transfer --progress') _pgcopy_words 'auto bar plain json none' ;;
    'transfer --metrics-file') _pgcopy_files ;;
    'listen --format') _pgcopy_words 'text json' ;;
    'exec --file' | 'exec -f') _pgcopy_files ;;
    'exec --format') _pgcopy_words 'text csv json aligned' ;;
    'snapshot --table' | 'snapshot -t') _pgcopy_ask table ;;
    'snapshot --exclude-table' | 'snapshot -T') _pgcopy_ask table ;;
    'snapshot --schema' | 'snapshot -n') _pgcopy_ask schema ;;
    'snapshot --exclude-schema' | 'snapshot -N') _pgcopy_ask schema ;;
    *) ;;
    esac
}

# Offers operands, given how many there are already.
_pgcopy_operand() {
    case "$1 $2" in
    ' 0') _pgcopy_words 'transfer listen notify exec snapshot completions help' ;;
    'transfer 0') _pgcopy_endpoints ;;
    'transfer '*) _pgcopy_endpoints ;;
    'listen '*) _pgcopy_ask connection ;;
    'notify '*) _pgcopy_ask connection ;;
    'exec '*) _pgcopy_ask connection ;;
    'snapshot 0') _pgcopy_ask connection ;;
    'completions 0') _pgcopy_words 'bash zsh fish' ;;
    'help 0') _pgcopy_words 'transfer listen notify exec snapshot completions help' ;;
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
