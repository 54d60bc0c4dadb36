// Mistakes: endpoints that are none, or not to be had.

extension Mistake {
    static let endpoints: [Mistake] = [
        Mistake(
            "a file that is taken for a database", #"transfer {S}#orders out.csv"#, 2,
            """
            pgcopy: out.csv#orders: connection to server on socket "SOCKETS/.s.PGSQL.PORT" failed: FATAL:  database "out.csv" \
            does not exist
            pgcopy: out.csv#orders:   HINT: it is taken for a database's name; for a file write ./out.csv

            """),
        Mistake(
            "a URI without its scheme", #"transfer localhost:5432/shop#orders {T}"#, 2,
            """
            pgcopy: localhost:5432/shop#orders is neither a URI, which begins with postgresql://, nor plainly a file, which is \
            written file:NAME; for a server write postgresql://localhost:5432/shop#orders
            Try "pgcopy transfer --help".

            """),
        Mistake(
            "a misspelt keyword", #"transfer 'host=localhost prot=5433 dbname=shop#orders' {T}"#, 2,
            """
            pgcopy: host=localhost dbname=shop …#… is not a connection string: invalid connection option "prot"; prot may mean \
            port
            Try "pgcopy transfer --help".

            """),
        Mistake(
            "a password with an @", #"transfer postgresql://bob:pa@ss@localhost/shop#orders {T}"#, 2,
            """
            pgcopy: postgresql://bob@…#… holds an @ too many: in a password or a name it is written %40
            Try "pgcopy transfer --help".

            """),
        Mistake(
            "no table", #"transfer {S} {T}"#, 2,
            """
            pgcopy: no table to copy from S; name one with #TABLE, --table or --query
            Try "pgcopy transfer --help".

            """),
        Mistake(
            "an odd name without quotes", #"transfer '{S}#Odd Name' {T}"#, 2,
            """
            pgcopy: no table to copy from WRITTEN…; name one with #TABLE, --table or --query; a name that is not plain goes in \
            double quotes: '#"Odd Name"'
            Try "pgcopy transfer --help".

            """),
        Mistake(
            "a server that is not there", #"transfer postgresql://127.0.0.1:1/shop#orders {T}"#, 2,
            """
            pgcopy: 127.0.0.1:1/shop#orders: connection to server at "127.0.0.1", port 1 failed: Connection refused
            pgcopy: 127.0.0.1:1/shop#orders:   Is the server running on that host and accepting TCP/IP connections?

            """),
        Mistake(
            "a misspelt database", #"transfer {S:mistaken_shpo}#orders {T}"#, 2,
            """
            pgcopy: SERVER/mistaken_shpo#orders: connection to server on socket "SOCKETS/.s.PGSQL.PORT" failed: FATAL:  database \
            "mistaken_shpo" does not exist
            pgcopy: SERVER/mistaken_shpo#orders:   HINT: did you mean the database mistaken_shop?

            """),
        Mistake(
            "an unknown role", #"transfer {S@nobody_here}#orders {T}"#, 2,
            """
            pgcopy: S#orders: connection to server on socket "SOCKETS/.s.PGSQL.PORT" failed: FATAL:  role "nobody_here" does not \
            exist

            """),
        Mistake(
            "a misspelt service", #"transfer service=eest#orders {T}"#, 2,
            """
            pgcopy: service=eest#orders: definition of service "eest" not found
            pgcopy: service=eest#orders:   HINT: did you mean service=east?

            """),
        Mistake(
            "no database", #"transfer 'host={H} port={P} user=postgres#orders' {T}"#, 1,
            """
            pgcopy: SERVER#orders: there is no table "orders"; the connection names no database, so this is postgres
            pgcopy: T#orders: not started

            """),
        Mistake(
            "TLS from a server that has none",
            #"transfer 'postgresql://postgres@127.0.0.1:{P}/shop?sslmode=require#orders' {T}"#, 2,
            """
            pgcopy: 127.0.0.1:PORT/shop#orders: connection to server at "127.0.0.1", port PORT failed: server does not support \
            SSL, but SSL was required
            pgcopy: 127.0.0.1:PORT/shop#orders:   HINT: that server speaks no TLS: sslmode=prefer does without

            """),
        Mistake(
            "a table onto itself", #"transfer {S}#orders {S}#orders"#, 2,
            """
            pgcopy: S#orders: this is the source itself: a table is not copied onto itself
            Try "pgcopy transfer --help".

            """),
        Mistake(
            "a destination twice", #"transfer {S}#orders {T} {T}"#, 2,
            """
            pgcopy: T#orders: this is named as a destination twice
            Try "pgcopy transfer --help".

            """),
    ]
}
