// An interactive zsh on a pseudo-terminal whose completions are written down.

/// A zsh script: FOLDER-OF-SCRIPTS LOG LINE; it types the line and a tab, and prints what was offered.
let zshDriver = """
    zmodload zsh/zpty
    export SCRIPTS=$1 LOG=$2 TERM=dumb
    : > $LOG
    zpty shell zsh -f -i
    zpty -w shell 'PS1= RPS1=; unsetopt beep; fpath=($SCRIPTS $fpath); autoload -Uz compinit; compinit -u -D'
    # What compadd would add is what is offered.
    zpty -w shell 'compadd() {
        if [[ "$*" == *-[OAD]\\ * ]]; then builtin compadd "$@"; return; fi
        local -a hits
        builtin compadd -O hits "$@"
        (( $#hits )) && print -rl -- "$hits[@]" >> $LOG
        builtin compadd "$@"
    }'
    zpty -w shell 'finish() { print -r -- "@done" >> $LOG; exit }; zle -N finish; bindkey "^X" finish'
    zpty -w shell 'print -r -- "@ready" >> $LOG'
    repeat 400; do grep -q "^@ready" $LOG && break; sleep 0.05; done
    zpty -w -n shell "$3"$'\\t\\x18'
    repeat 400; do grep -q "^@done" $LOG && break; zpty -r -t shell unused; sleep 0.05; done
    grep -q "^@done" $LOG || print -r -- "zsh did not answer" >&2
    grep -v "^@" $LOG
    zpty -d shell
    exit 0
    """
