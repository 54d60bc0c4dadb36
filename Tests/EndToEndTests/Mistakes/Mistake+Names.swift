// Mistakes: tables, schemas and columns by other names.

extension Mistake {
    static let names: [Mistake] = [
        Mistake(
            "a misspelt table", #"transfer {S}#order {T}"#, 1,
            """
            pgcopy: S#order: there is no table "order"; did you mean orders?
            pgcopy: T#order: not started

            """),
        Mistake(
            "a table of another schema", #"transfer {S}#invoices {T}"#, 1,
            """
            pgcopy: S#invoices: there is no table "invoices"; it exists as sales.invoices
            pgcopy: T#invoices: not started

            """),
        Mistake(
            "a misspelt schema", #"transfer {S}#slaes.invoices {T}"#, 1,
            """
            pgcopy: S#slaes.invoices: there is no table "slaes"."invoices"; did you mean sales.invoices?
            pgcopy: T#slaes.invoices: not started

            """),
        Mistake(
            "a name with capitals, without quotes", #"transfer {S}#Mixed {T}"#, 1,
            """
            pgcopy: S#Mixed: there is no table "mixed"; quote it: '#"Mixed"'
            pgcopy: T#mixed: not started

            """),
        Mistake(
            "an odd name guessed", #"transfer {S}#odd_name {T}"#, 1,
            """
            pgcopy: S#odd_name: there is no table "odd_name"; quote it: '#"Odd Name"'
            pgcopy: T#odd_name: not started

            """),
        Mistake(
            "an index", #"transfer {S}#orders_amount_idx {T}"#, 1,
            """
            pgcopy: S#orders_amount_idx: there is no table "orders_amount_idx"; it is an index of orders, no table
            pgcopy: T#orders_amount_idx: not started

            """),
        Mistake(
            "a sequence", #"transfer {S}#counter {T}"#, 1,
            """
            pgcopy: S#counter: there is no table "counter"; it is a sequence, no table
            pgcopy: T#counter: not started

            """),
        Mistake(
            "a misspelt pattern", #"transfer -t 'ordrs*' {S} {T}"#, 1,
            """
            pgcopy: S: no table matches "ordrs*"; did you mean orders?
            pgcopy: T: not started

            """),
        Mistake(
            "a misspelt schema's pattern", #"transfer -n slaes {S} {T}"#, 1,
            """
            pgcopy: S: there is no schema "slaes"; did you mean sales?
            pgcopy: T: not started

            """),
        Mistake(
            "a list where one name is taken", #"transfer -t orders,customers {S} {T}"#, 1,
            """
            pgcopy: S: there is no table "orders,customers"; several tables are several options: -t orders -t customers
            pgcopy: T: not started

            """),
        Mistake(
            "source and destination exchanged", #"transfer {S}#only_dest {T}"#, 1,
            """
            pgcopy: S#only_dest: there is no table "only_dest", and T#only_dest has one: are they exchanged?
            pgcopy: T#only_dest: not started

            """),
        Mistake(
            "a table that the destination lacks", #"transfer {S}#only_source {T}"#, 1,
            """
            pgcopy: T#only_source: there is no table "only_source"; --create makes it
            pgcopy: T#only_source: not started

            """),
        Mistake(
            "a schema that the destination lacks", #"transfer --into-schema nosuch {S}#orders {T}"#, 1,
            """
            pgcopy: T#nosuch.orders: there is no table "nosuch"."orders"; there is no schema "nosuch"; it exists as public.orders
            pgcopy: T#nosuch.orders: not started

            """),
        Mistake(
            "a misspelt column", #"transfer --columns id,ammount {S}#orders {T}"#, 1,
            """
            pgcopy: S#orders: the table "public"."orders" has no column "ammount" (did you mean "amount"?); it has "id", \
            "amount", "note"
            pgcopy: T#orders: the table "public"."orders" has no column "ammount" (did you mean "amount"?); it has "id", \
            "amount", "note"
            pgcopy: T#orders: not started

            """),
        Mistake(
            "columns that the destination lacks", #"transfer {S}#orders {T}#keyless"#, 1,
            """
            pgcopy: T#keyless: the table "public"."keyless" has no column "amount", "note"; it has "id"
            table   differs in       source   destination  at
            orders  column "amount"  integer  missing      T#keyless
            orders  column "note"    text     missing      T#keyless
            pgcopy: T#keyless: not started

            """),
        Mistake(
            "a misspelt column of a condition", #"transfer --where 'amuont > 1' {S}#orders {T}"#, 1,
            """
            pgcopy: S#orders: ERROR: column "amuont" does not exist (SQLSTATE 42703)
            pgcopy: S#orders:   HINT: Perhaps you meant to reference the column "orders.amount".
            pgcopy: T#orders: not started

            """),
        Mistake(
            "a condition that is no SQL", #"transfer --where 'id >' {S}#orders null:"#, 1,
            """
            pgcopy: S#orders: ERROR: syntax error at end of input (SQLSTATE 42601)
            pgcopy: S#orders:   HINT: that is in --where "id >"
            pgcopy: null: not started

            """),
        Mistake(
            "a query that is no SQL", #"transfer --query 'SELEC 1' {S} {T}#orders"#, 1,
            """
            pgcopy: S: ERROR: syntax error at or near "SELEC" (SQLSTATE 42601)
            pgcopy: S:   HINT: that is in --query "SELEC 1"
            pgcopy: T#orders: not started

            """),
        Mistake(
            "a query without a destination's table", #"transfer --query 'SELECT 1' {S} {T}"#, 2,
            """
            pgcopy: no table to copy to at T; name one with #TABLE or --into
            Try "pgcopy transfer --help".

            """),
    ]
}
