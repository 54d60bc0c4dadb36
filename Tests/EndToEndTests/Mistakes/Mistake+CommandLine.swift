// Mistakes: what is wrong in the command line itself.

extension Mistake {
    static let commandLine: [Mistake] = [
        Mistake(
            "a misspelt command", #"transfre {S}#orders {T}"#, 2,
            """
            pgcopy: unknown command "transfre"; did you mean transfer?
            Try "pgcopy --help".

            """),
        Mistake(
            "a misspelt option", #"transfer --tabel orders {S} {T}"#, 2,
            """
            pgcopy: unknown option --tabel; did you mean --table?
            Try "pgcopy transfer --help".

            """),
        Mistake(
            "no destination", #"transfer {S}#orders"#, 2,
            """
            pgcopy: transfer needs DESTINATION
            Try "pgcopy transfer --help".

            """),
        Mistake(
            "an option without its value", #"transfer -t"#, 2,
            """
            pgcopy: option --table needs a value: --table=PATTERN
            Try "pgcopy transfer --help".

            """),
        Mistake(
            "a value that is none of the option's", #"transfer --format cvs {S}#orders {D}/out"#, 2,
            """
            pgcopy: option --format: "cvs" is none of auto, text, csv, binary; did you mean csv?
            Try "pgcopy transfer --help".

            """),
        Mistake(
            "psql's -h", #"transfer -h localhost shop warehouse"#, 2,
            """
            pgcopy: -h is help here; a host goes into the connection: postgresql://HOST/DATABASE, or "host=HOST dbname=DATABASE"
            Try "pgcopy transfer --help".

            """),
        Mistake(
            "psql's -U", #"transfer -U bob shop warehouse"#, 2,
            """
            pgcopy: unknown option -U; a user goes into the connection: postgresql://USER@HOST/DATABASE, or "user=USER \
            dbname=DATABASE"
            Try "pgcopy transfer --help".

            """),
        Mistake(
            "a number with a unit", #"transfer --timeout 5s {S}#orders {T}"#, 2,
            """
            pgcopy: option --timeout: "5s" is not a number of seconds greater than 0
            Try "pgcopy transfer --help".

            """),
        Mistake(
            "two options that exclude each other", #"transfer --truncate --delete {S}#orders {T}"#, 2,
            """
            pgcopy: option --delete cannot be given together with --truncate
            Try "pgcopy transfer --help".

            """),
        Mistake(
            "an option for files, between servers", #"transfer --header {S}#orders {T}"#, 2,
            """
            pgcopy: --header is for files and streams; between servers it could only change values
            Try "pgcopy transfer --help".

            """),
        Mistake(
            "a condition on a file", #"transfer --where id=1 {D}/orders.csv {T}#orders"#, 2,
            """
            pgcopy: --where needs a server as the source, not DIR/orders.csv
            Try "pgcopy transfer --help".

            """),
        Mistake(
            "a statement without -c", #"exec 'SELECT 1' {S}"#, 2,
            """
            pgcopy: SELECT 1: connection to server on socket "SOCKETS/.s.PGSQL.PORT" failed: FATAL:  database "SELECT 1" does not \
            exist
            pgcopy: SELECT 1: was taken for a database; -c takes a statement

            """),
        Mistake(
            "no channel", #"listen {S}"#, 2,
            """
            pgcopy: listen needs a channel: -c, --channel=CHANNEL
            Try "pgcopy listen --help".

            """),
    ]
}
