// Mistakes: files, streams and programs.

extension Mistake {
    static let files: [Mistake] = [
        Mistake(
            "a file that is not there", #"transfer {D}/nosuch.csv {T}#orders"#, 1,
            """
            pgcopy: DIR/nosuch.csv: cannot open: No such file or directory
            pgcopy: T#orders: not started

            """),
        Mistake(
            "a folder that is not there", #"transfer {S}#orders {D}/nosuch/out.csv"#, 1,
            """
            pgcopy: DIR/nosuch/out.csv: the folder DIR/nosuch does not exist
            pgcopy: DIR/nosuch/out.csv: not started

            """),
        Mistake(
            "a folder", #"transfer {S}#orders {D}"#, 1,
            """
            pgcopy: DIR: cannot write: Is a directory
            pgcopy: DIR:   HINT: a file in it is written FOLDER/NAME, FOLDER/{table} where there are several
            pgcopy: DIR: not started

            """),
        Mistake(
            "a file without a destination's table", #"transfer {D}/orders.csv {T}"#, 2,
            """
            pgcopy: no table to copy to at T; name one with #TABLE or --into
            Try "pgcopy transfer --help".

            """),
        Mistake(
            "csv that is read as text", #"transfer {D}/orders.txt {T}#orders"#, 1,
            """
            pgcopy: T#orders: ERROR: invalid input syntax for type integer: "7,70,seven" (SQLSTATE 22P02)
            pgcopy: T#orders:   HINT: this looks like CSV: --format=csv reads it
            pgcopy: T#orders:   CONTEXT: COPY orders, line 1, column id: "7,70,seven"
            pgcopy: T#orders: rolled back after 11 B

            """),
        Mistake(
            "a header line that is read as a row", #"transfer {D}/orders.csv {T}#orders"#, 1,
            """
            pgcopy: T#orders: ERROR: invalid input syntax for type integer: "id" (SQLSTATE 22P02)
            pgcopy: T#orders:   HINT: where the first line names the columns: --header
            pgcopy: T#orders:   CONTEXT: COPY orders, line 1, column id: "id"
            pgcopy: T#orders: rolled back after 26 B

            """),
        Mistake(
            "another delimiter", #"transfer --header {D}/semi.csv {T}#orders"#, 1,
            """
            pgcopy: T#orders: the table "public"."orders" has no column "id;amount;note"; it has "id", "amount", "note"
            pgcopy: T#orders:   HINT: the names seem to be separated by ;: --delimiter=';'
            pgcopy: T#orders: not started

            """),
        Mistake(
            "a file that is cut off", #"transfer {D}/cut {T}#orders"#, 1,
            """
            pgcopy: DIR/cut: the data ends inside row 1: cut off? nothing was committed
            pgcopy: DIR/cut:   HINT: --allow-unterminated takes a last row without its line end
            pgcopy: T#orders: rolled back after 4 B

            """),
        Mistake(
            "a row with too few columns", #"transfer {D}/short {T}#orders"#, 1,
            """
            pgcopy: T#orders: ERROR: missing data for column "note" (SQLSTATE 22P04)
            pgcopy: T#orders:   HINT: --columns names the columns that come where not all do, --delimiter what stands between them
            pgcopy: T#orders:   CONTEXT: COPY orders, line 1: "7\t70"
            pgcopy: T#orders: rolled back after 5 B

            """),
        Mistake(
            "another number of rows than expected", #"transfer --expect-rows 3 {D}/orders.csv --header {T}#orders"#, 1,
            """
            pgcopy: DIR/orders.csv: 1 row came, 3 were expected; nothing was committed
            pgcopy: T#orders: rolled back after 11 B

            """),
        Mistake(
            "a command that is not there", #"transfer program:nosuchcommand {T}#orders"#, 1,
            """
            pgcopy: program:nosuchcommand …: /bin/sh: 1: nosuchcommand: not found
            pgcopy: program:nosuchcommand …: the program exited with status 127
            pgcopy: program:nosuchcommand …:   HINT: a shell says so where it finds no such command
            pgcopy: T#orders: rolled back after 0 B

            """),
        Mistake(
            "stdout that is closed", #"transfer {S}#orders - >&-"#, 1,
            """
            pgcopy: -: stdout is closed
            pgcopy: -: not started

            """),
    ]
}
