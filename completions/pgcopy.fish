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
    string match -q -r -- '^(?!["\']?file:)[^#]*/' (commandline -ct)
    and not string match -q -- '*://*' (commandline -ct)
end

complete -c pgcopy -f
complete -c pgcopy -n __pgcopy_needs_command -a transfer -d 'stream rows from one source to many destinations'
complete -c pgcopy -n __pgcopy_needs_command -a listen -d 'print notifications as they come'
complete -c pgcopy -n __pgcopy_needs_command -a notify -d 'send notifications'
complete -c pgcopy -n __pgcopy_needs_command -a exec -d 'run statements in pipeline mode on every connection'
complete -c pgcopy -n __pgcopy_needs_command -a snapshot -d 'export a snapshot and hold it'
complete -c pgcopy -n __pgcopy_needs_command -a completions -d 'print a completion script'
complete -c pgcopy -n __pgcopy_needs_command -a help -d 'show the help of a command'
complete -c pgcopy -n __pgcopy_needs_command -s 'h' -s '?' -l help -d 'show this help, then exit'
complete -c pgcopy -n __pgcopy_needs_command -s 'V' -l version -d 'show the version, then exit'

# transfer
complete -c pgcopy -n '__pgcopy_command_is transfer' -f -a '- null: file: program: (__pgcopy_ask endpoint)'
complete -c pgcopy -n '__pgcopy_command_is transfer; and __pgcopy_is_path' -F
complete -c pgcopy -n '__pgcopy_command_is transfer' -s 't' -l table -r -f -a '(__pgcopy_ask table)' -d 'copy this table, or all that match the pattern; may be given many times'
complete -c pgcopy -n '__pgcopy_command_is transfer' -s 'T' -l exclude-table -r -f -a '(__pgcopy_ask table)' -d 'leave out tables that match'
complete -c pgcopy -n '__pgcopy_command_is transfer' -s 'n' -l schema -r -f -a '(__pgcopy_ask schema)' -d 'copy all tables of the schemas that match'
complete -c pgcopy -n '__pgcopy_command_is transfer' -s 'N' -l exclude-schema -r -f -a '(__pgcopy_ask schema)' -d 'leave out schemas that match'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l all-tables -d 'copy all tables of the database'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l query -r -f -d 'copy the rows of a query instead of a table'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l where -r -f -d 'copy only the rows that meet this SQL condition'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l columns -r -f -d 'copy only these columns, separated by commas'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l set -r -f -d 'let the source compute a column\'s values, as in `--set \'users.email=md5(email)\'`'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l into -r -f -d 'the name of the table at the destinations'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l into-schema -r -f -d 'the schema of the tables at the destinations, which keep their names'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l snapshot -r -f -d 'read in this exported snapshot'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l create -d 'make tables that are missing at the destinations, as they are at the source'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l truncate -d 'empty the table first, in the same transaction'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l delete -d 'as --truncate, by DELETE: readers see the old rows until the commit'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l upsert -d 'insert rows, or update those of the same key: the primary key, or these columns'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l allow-empty -d 'let --truncate or --delete empty a table even where the source has no row'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l disable-triggers -d 'triggers, rules and foreign keys of the destinations do nothing meanwhile'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l sequences -d 'let the destinations\' sequences go on where the source\'s stand'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l notify -r -f -d 'tell each destination\'s listeners, with the commit'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l dry-run -d 'say what would be copied, where and how; change nothing'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l override-read-only -d 'load a destination although default_transaction_read_only is on there'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l not-same -d 'a standby and its primary are not what they seem: copy between them'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l format -r -f -a 'auto text csv binary' -d 'COPY format of the stream (default: auto)'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l header -d 'the first line names the columns'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l delimiter -r -f -d 'what separates columns (default: tab, in csv a comma)'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l null -r -f -d 'what stands for NULL (default: \\N, in csv nothing)'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l quote -r -f -d 'what quotes a csv value (default: ")'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l escape -r -f -d 'what stands before a quote in a csv value (default: the quote)'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l encoding -r -f -d 'encoding of files and streams, such as LATIN1 (default: UTF8)'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l on-error -r -f -a 'stop ignore' -d 'what a destination does with a value that its type does not take (default: stop)'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l reject-limit -r -f -d 'fail where more than N rows of a table are left out (PostgreSQL 18)'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l timeout -r -f -d 'fault a destination that takes no data, and a source that gives none, for so long (default: never)'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l lock-timeout -r -f -d 'fail where a lock is waited for so long (default: never)'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l reconcile-timeouts -d 'reconcile a destination that timed out instead of dropping it, up to TRIES times without progress (default: 10)'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l keep-going -d 'drop a faulted destination, commit the others'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l allow-unterminated -d 'take a last row without its line end from a file or stream'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l expect-rows -r -f -d 'fail, and commit nothing, unless there are exactly N rows'
complete -c pgcopy -n '__pgcopy_command_is transfer' -s 'j' -l jobs -r -f -d 'copy N streams at a time, over tables and over parts of one (default: 1)'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l split-larger-than -r -f -d 'divide tables larger than this (default: so that all streams stay busy)'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l part -r -f -d 'copy only the I-th of N parts, for a scheduler that starts all of them'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l rate-limit -r -f -d 'read at most so many bytes a second from the source, over all streams'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l progress -r -f -a 'auto bar plain json none' -d 'how to report on stderr (default: auto)'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l interval -r -f -d 'time between reports (default: 1); 0 reports every cycle'
complete -c pgcopy -n '__pgcopy_command_is transfer' -l metrics-file -r -F -d 'write the run to FILE in Prometheus\' text format'
complete -c pgcopy -n '__pgcopy_command_is transfer' -s 'q' -l quiet -d 'say nothing but errors'
complete -c pgcopy -n '__pgcopy_command_is transfer' -s 'v' -l verbose -d 'show every statement that is sent'
complete -c pgcopy -n '__pgcopy_command_is transfer' -s 'w' -l no-password -d 'never ask for a password'
complete -c pgcopy -n '__pgcopy_command_is transfer' -s 'W' -l password -d 'ask for a password before connecting'
complete -c pgcopy -n '__pgcopy_command_is transfer' -s 'h' -s '?' -l help -d 'show this help, then exit'
complete -c pgcopy -n '__pgcopy_command_is transfer' -s 'V' -l version -d 'show the version, then exit'

# listen
complete -c pgcopy -n '__pgcopy_command_is listen' -f -a '(__pgcopy_ask connection)'
complete -c pgcopy -n '__pgcopy_command_is listen' -s 'c' -l channel -r -f -d 'listen on this channel; may be given again'
complete -c pgcopy -n '__pgcopy_command_is listen' -l count -r -f -d 'end after this many notifications'
complete -c pgcopy -n '__pgcopy_command_is listen' -l timeout -r -f -d 'end after this many seconds in all; 0 prints what is pending and ends'
complete -c pgcopy -n '__pgcopy_command_is listen' -l format -r -f -a 'text json' -d 'form of the lines (default: text)'
complete -c pgcopy -n '__pgcopy_command_is listen' -l exec -r -f -d 'run this command for each notification'
complete -c pgcopy -n '__pgcopy_command_is listen' -s 'q' -l quiet -d 'say nothing but errors'
complete -c pgcopy -n '__pgcopy_command_is listen' -s 'v' -l verbose -d 'show every statement that is sent'
complete -c pgcopy -n '__pgcopy_command_is listen' -l reconnect -d 'open a connection again when it was lost'
complete -c pgcopy -n '__pgcopy_command_is listen' -s 'w' -l no-password -d 'never ask for a password'
complete -c pgcopy -n '__pgcopy_command_is listen' -s 'W' -l password -d 'ask for a password before connecting'
complete -c pgcopy -n '__pgcopy_command_is listen' -s 'h' -s '?' -l help -d 'show this help, then exit'
complete -c pgcopy -n '__pgcopy_command_is listen' -s 'V' -l version -d 'show the version, then exit'

# notify
complete -c pgcopy -n '__pgcopy_command_is notify' -f -a '(__pgcopy_ask connection)'
complete -c pgcopy -n '__pgcopy_command_is notify' -s 'c' -l channel -r -f -d 'notify this channel; may be given again'
complete -c pgcopy -n '__pgcopy_command_is notify' -s 'q' -l quiet -d 'say nothing but errors'
complete -c pgcopy -n '__pgcopy_command_is notify' -s 'v' -l verbose -d 'show every statement that is sent'
complete -c pgcopy -n '__pgcopy_command_is notify' -s 'w' -l no-password -d 'never ask for a password'
complete -c pgcopy -n '__pgcopy_command_is notify' -s 'W' -l password -d 'ask for a password before connecting'
complete -c pgcopy -n '__pgcopy_command_is notify' -s 'h' -s '?' -l help -d 'show this help, then exit'
complete -c pgcopy -n '__pgcopy_command_is notify' -s 'V' -l version -d 'show the version, then exit'

# exec
complete -c pgcopy -n '__pgcopy_command_is exec' -f -a '(__pgcopy_ask connection)'
complete -c pgcopy -n '__pgcopy_command_is exec' -s 'c' -l command -r -f -d 'run these statements'
complete -c pgcopy -n '__pgcopy_command_is exec' -s 'f' -l file -r -F -d 'run the statements of this file; - is stdin'
complete -c pgcopy -n '__pgcopy_command_is exec' -l sync-every -r -f -d 'set a synchronization point behind every N statements (default: only at the end)'
complete -c pgcopy -n '__pgcopy_command_is exec' -l stop-on-error -d 'send a connection nothing behind an error, as psql\'s ON_ERROR_STOP'
complete -c pgcopy -n '__pgcopy_command_is exec' -l format -r -f -a 'text csv json aligned' -d 'form of the results (default: aligned on a terminal, else text)'
complete -c pgcopy -n '__pgcopy_command_is exec' -l timing -d 'tell how long the statements up to each synchronization point took'
complete -c pgcopy -n '__pgcopy_command_is exec' -s 'q' -l quiet -d 'print rows and errors only'
complete -c pgcopy -n '__pgcopy_command_is exec' -s 'v' -l verbose -d 'show every statement that is sent'
complete -c pgcopy -n '__pgcopy_command_is exec' -s 'w' -l no-password -d 'never ask for a password'
complete -c pgcopy -n '__pgcopy_command_is exec' -s 'W' -l password -d 'ask for a password before connecting'
complete -c pgcopy -n '__pgcopy_command_is exec' -s 'h' -s '?' -l help -d 'show this help, then exit'
complete -c pgcopy -n '__pgcopy_command_is exec' -s 'V' -l version -d 'show the version, then exit'

# snapshot
complete -c pgcopy -n '__pgcopy_command_is snapshot' -f -a '(__pgcopy_ask connection)'
complete -c pgcopy -n '__pgcopy_command_is snapshot' -s 't' -l table -r -f -a '(__pgcopy_ask table)' -d 'lock this table, or all that match the pattern; may be given many times'
complete -c pgcopy -n '__pgcopy_command_is snapshot' -s 'T' -l exclude-table -r -f -a '(__pgcopy_ask table)' -d 'leave out tables that match'
complete -c pgcopy -n '__pgcopy_command_is snapshot' -s 'n' -l schema -r -f -a '(__pgcopy_ask schema)' -d 'lock all tables of the schemas that match'
complete -c pgcopy -n '__pgcopy_command_is snapshot' -s 'N' -l exclude-schema -r -f -a '(__pgcopy_ask schema)' -d 'leave out schemas that match'
complete -c pgcopy -n '__pgcopy_command_is snapshot' -l all-tables -d 'lock all tables of the database'
complete -c pgcopy -n '__pgcopy_command_is snapshot' -s 'q' -l quiet -d 'say nothing but errors'
complete -c pgcopy -n '__pgcopy_command_is snapshot' -s 'v' -l verbose -d 'show every statement that is sent'
complete -c pgcopy -n '__pgcopy_command_is snapshot' -s 'w' -l no-password -d 'never ask for a password'
complete -c pgcopy -n '__pgcopy_command_is snapshot' -s 'W' -l password -d 'ask for a password before connecting'
complete -c pgcopy -n '__pgcopy_command_is snapshot' -s 'h' -s '?' -l help -d 'show this help, then exit'
complete -c pgcopy -n '__pgcopy_command_is snapshot' -s 'V' -l version -d 'show the version, then exit'

# completions
complete -c pgcopy -n '__pgcopy_command_is completions' -f -a 'bash zsh fish'
complete -c pgcopy -n '__pgcopy_command_is completions' -s 'h' -s '?' -l help -d 'show this help, then exit'
complete -c pgcopy -n '__pgcopy_command_is completions' -s 'V' -l version -d 'show the version, then exit'

# help
complete -c pgcopy -n '__pgcopy_command_is help' -f -a 'transfer listen notify exec snapshot completions help'
complete -c pgcopy -n '__pgcopy_command_is help' -s 'h' -s '?' -l help -d 'show this help, then exit'
complete -c pgcopy -n '__pgcopy_command_is help' -s 'V' -l version -d 'show the version, then exit'
