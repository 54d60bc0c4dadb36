// Mistakes: rows that do not fit.

extension Mistake {
    static let rows: [Mistake] = [
        Mistake(
            "rows that are there already", #"transfer {S}#orders {T}"#, 1,
            """
            pgcopy: T#orders: ERROR: duplicate key value violates unique constraint "orders_pkey" (SQLSTATE 23505)
            pgcopy: T#orders:   DETAIL: Key (id)=(1) already exists.
            pgcopy: T#orders:   HINT: --upsert updates rows that are there, --truncate empties the table first
            pgcopy: T#orders:   CONTEXT: COPY orders, line 1
            pgcopy: T#orders: rolled back after 67 B

            """),
        Mistake(
            "the same where the others go on", #"transfer --keep-going {S}#orders {T}"#, 1,
            """
            pgcopy: T#orders: ERROR: duplicate key value violates unique constraint "orders_pkey" (SQLSTATE 23505); \
            dropped, the others go on
            pgcopy: T#orders:   DETAIL: Key (id)=(1) already exists.
            pgcopy: T#orders:   HINT: --upsert updates rows that are there, --truncate empties the table first
            pgcopy: T#orders:   CONTEXT: COPY orders, line 1
            pgcopy: T#orders: rolled back after 67 B

            """),
        Mistake(
            "a key that comes twice", #"transfer --query 'SELECT 7 AS id FROM generate_series(1, 2)' {S} {T}#parent"#,
            1,
            """
            pgcopy: T#parent: ERROR: duplicate key value violates unique constraint "parent_pkey" (SQLSTATE 23505)
            pgcopy: T#parent:   DETAIL: Key (id)=(7) already exists.
            pgcopy: T#parent:   HINT: the table is empty: this key comes twice
            pgcopy: T#parent:   CONTEXT: COPY parent, line 2
            pgcopy: T#parent: rolled back after 41 B

            """),
        Mistake(
            "types that differ", #"transfer {S}#orders {T}#dated"#, 1,
            """
            pgcopy: T#dated: ERROR: invalid input syntax for type date: "10" (SQLSTATE 22007)
            pgcopy: T#dated:   HINT: column amount is integer at the source and date here
            pgcopy: T#dated:   CONTEXT: COPY dated, line 1, column amount: "10"
            pgcopy: T#dated: rolled back after 14 B

            """),
        Mistake(
            "a value that is too long", #"transfer {S}#wide {T}"#, 1,
            """
            pgcopy: T#wide: ERROR: value too long for type character varying(5) (SQLSTATE 22001)
            pgcopy: T#wide:   HINT: column t is text at the source and character varying(5) here
            pgcopy: T#wide:   CONTEXT: COPY wide, line 1, column t: "xxxxxxxxxx"
            pgcopy: T#wide: rolled back after 13 B

            """),
        Mistake(
            "NULL where none may be", #"transfer {S}#customers {T}"#, 1,
            """
            pgcopy: T#customers: ERROR: null value in column "name" of relation "customers" violates not-null constraint \
            (SQLSTATE 23502)
            pgcopy: T#customers:   DETAIL: Failing row contains (1, null).
            pgcopy: T#customers:   HINT: --set 'name=coalesce(name, …)' gives another value
            pgcopy: T#customers:   CONTEXT: COPY customers, line 1
            pgcopy: T#customers: rolled back after 35 B

            """),
        Mistake(
            "a column without a default that does not come",
            #"transfer --columns id,must --query 'SELECT 1, 2' {S} {T}#extra"#, 1,
            """
            pgcopy: T#extra: ERROR: null value in column "more" of relation "extra" violates not-null constraint (SQLSTATE 23502)
            pgcopy: T#extra:   DETAIL: Failing row contains (1, 2, null).
            pgcopy: T#extra:   HINT: no such column comes, and it has no default here
            pgcopy: T#extra:   CONTEXT: COPY extra, line 1
            pgcopy: T#extra: rolled back after 39 B

            """),
        Mistake(
            "a row without its parent", #"transfer {S}#child {T}"#, 1,
            """
            pgcopy: T#child: ERROR: insert or update on table "child" violates foreign key constraint "child_parent_fkey" \
            (SQLSTATE 23503)
            pgcopy: T#child:   DETAIL: Key (parent)=(99) is not present in table "parent".
            pgcopy: T#child:   HINT: one run can copy both, the one that is referred to first: -t parent -t child
            pgcopy: T#child: rolled back after 39 B

            """),
        Mistake(
            "a table that others refer to", #"transfer --truncate {S}#parent {T}"#, 1,
            """
            pgcopy: T#parent: "public"."parent" is referred to by the foreign key "child_parent_fkey" of "public"."child", which \
            is not copied: TRUNCATE takes both or none
            pgcopy: T#parent:   HINT: copy it as well, or --delete, which such a key allows where nothing refers to a row
            pgcopy: T#parent: not started

            """),
        Mistake(
            "an empty source that would empty a table", #"transfer --truncate {S}#none {T}"#, 1,
            """
            pgcopy: T#none: the source has no row, and this table holds some: it is left as it was; --allow-empty empties it all \
            the same
            pgcopy: T#none: rolled back after 21 B

            """),
        Mistake(
            "no key", #"transfer --upsert {S}#keyless {T}"#, 1,
            """
            pgcopy: T#keyless: "public"."keyless" has no primary key here, by which --upsert could tell rows apart
            pgcopy: T#keyless:   HINT: --upsert=COLUMNS goes by a unique index, which may be neither partial, deferrable nor of \
            expressions
            pgcopy: T#keyless: not started

            """),
    ]
}
