// Mistakes: what a role or a server does not allow.

extension Mistake {
    static let rights: [Mistake] = [
        Mistake(
            "no right to read", #"transfer {S@mistaken_bob}#private {T}"#, 1,
            """
            pgcopy: S#private: this role may not read "public"."private"; it needs SELECT
            pgcopy: S#private:   HINT: GRANT SELECT ON public.private TO mistaken_bob, by the owner, postgres
            pgcopy: T#private: not started

            """),
        Mistake(
            "no right to load or empty", #"transfer --truncate {S}#private {T@mistaken_bob}"#, 1,
            """
            pgcopy: T#private: this role may not load "public"."private"; it needs INSERT
            pgcopy: T#private:   this role may not empty "public"."private"; it needs TRUNCATE
            pgcopy: T#private:   HINT: GRANT INSERT, TRUNCATE ON public.private TO mistaken_bob, by the owner, postgres
            pgcopy: T#private: not started

            """),
        Mistake(
            "no right to look into a schema", #"transfer {S@mistaken_bob}#closed.t {T}#keyless"#, 1,
            """
            pgcopy: S#closed.t: ERROR: permission denied for schema closed (SQLSTATE 42501)
            pgcopy: S#closed.t:   HINT: GRANT USAGE ON SCHEMA closed TO mistaken_bob
            pgcopy: T#keyless: not started

            """),
        Mistake(
            "row-level security", #"transfer {S@mistaken_bob}#hidden {T}#keyless"#, 1,
            """
            pgcopy: S#hidden: ERROR: query would be affected by row-level security policy for table "hidden" (SQLSTATE 42501)
            pgcopy: S#hidden:   HINT: its policies hide rows from mistaken_bob: connect as the owner, postgres, or a role with \
            BYPASSRLS
            pgcopy: T#keyless: rolled back after 0 B

            """),
        Mistake(
            "no right to keep triggers still", #"transfer --disable-triggers {S}#orders {T@mistaken_owner}"#, 1,
            """
            pgcopy: T#orders: --disable-triggers: this role may not set session_replication_role
            pgcopy: T#orders:   HINT: a superuser may, and from PostgreSQL 15 on whom GRANT SET ON PARAMETER \
            session_replication_role names
            pgcopy: T#orders: not started

            """),
        Mistake(
            "a destination that is read-only",
            #"transfer {S}#orders '{T}&options=-c%20default_transaction_read_only%3Don'"#, 2,
            """
            pgcopy: T#orders: default_transaction_read_only is on here: somebody wants this database left as it is; \
            --override-read-only loads it all the same

            """),
    ]
}
