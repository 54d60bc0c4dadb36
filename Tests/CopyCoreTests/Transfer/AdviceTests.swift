// What helps against mistakes, as far as nobody need be asked: names that may have been meant, servers' errors, connections.

import Testing

@testable import CopyCore

@Suite struct `Advice` {
    private let advice = NameAdvice(
        relations: [
            .init(schema: "public", name: "orders"), .init(schema: "public", name: "Odd Name"),
            .init(schema: "public", name: "orders_idx", kind: "i", table: "orders"),
            .init(schema: "public", name: "seq", kind: "S"),
            .init(schema: "sales", name: "invoices", isVisible: false),
            .init(schema: "archive", name: "invoices", isVisible: false),
            .init(schema: "sales", name: "Big", isVisible: false),
            .init(schema: "sales", name: "customers", isVisible: false),
        ], schemas: ["archive", "empty", "public", "sales"])

    @Test(
        arguments: [
            ("order", "did you mean orders?"), ("ordres", "did you mean orders?"), ("nothing", nil),
            ("invoices", "it exists as sales.invoices, archive.invoices"),
            ("custmers", "did you mean sales.customers?"),
            ("odd_name", #"quote it: '#"Odd Name"'"#), (#""Od Name""#, #"did you mean '#"Odd Name"'?"#),
            ("orders_idx", "it is an index of orders, no table"), ("seq", "it is a sequence, no table"),
            ("sales.big", #"quote it: '#sales."Big"'"#), ("sales.invoice", "did you mean sales.invoices?"),
            ("sales.orders", "it exists as public.orders"), ("slaes.invoices", "did you mean sales.invoices?"),
            ("slaes.nothing", #"there is no schema "slaes"; did you mean the schema sales?"#),
            ("slaes.orders", #"there is no schema "slaes"; it exists as public.orders"#),
            ("nowhere.orders", #"there is no schema "nowhere"; it exists as public.orders"#),
            ("nowhere.nothing", #"there is no schema "nowhere""#),
        ] as [(String, String?)])
    func `what may have been meant by a name`(name: String, meant: String?) throws {
        #expect(advice.meant(by: try #require(SQLName(name))) == meant)
    }

    @Test func `what may have been meant by patterns and schemas`() {
        #expect(advice.meant(byPattern: "ordrs") == "did you mean orders?")
        #expect(advice.meant(byPattern: "odrer") == "did you mean orders?")
        #expect(advice.meant(byPattern: "xyz") == nil)
        #expect(advice.meant(bySchema: "archiv") == "did you mean archive?")
        var unmarked = advice
        unmarked.mark = ""
        #expect(
            unmarked.meant(by: SQLName(["orders, customers"]))
                == "several tables are several options: -t orders -t customers")
        #expect(unmarked.meant(by: SQLName(["odd name"])) == #"quote it: '"Odd Name"'"#)
    }

    private func error(_ state: String, _ message: String, detail: String? = nil, context: String? = nil)
        -> ServerMessage
    {
        ServerMessage(severity: "ERROR", sqlState: state, message: message, detail: detail, context: context)
    }

    @Test func `what a server's error is met by hangs on what was asked for`() {
        var now = ServerAdvice.Circumstances()
        let double = error("23505", "duplicate key")
        #expect(ServerAdvice.hint(double, now)?.contains("--upsert") ?? false)
        now.upserts = true
        #expect(ServerAdvice.hint(double, now) == nil)
        now = .init()
        let line = error("22P02", "invalid input", context: #"COPY t, line 1, column i: "1;2""#)
        #expect(ServerAdvice.hint(line, now) == nil)
        now.readsStream = true
        #expect(ServerAdvice.hint(line, now) == "this looks like CSV: --format=csv --delimiter=';' reads it")
        now.format = .csv
        #expect(ServerAdvice.hint(line, now) == nil)
        now = .init()
        now.readsTable = true
        now.tables = ["a"]
        #expect(
            ServerAdvice.hint(
                error(
                    "23503", #"insert or update on table "a" violates"#,
                    detail: #"Key (i)=(1) is not present in table "b"."#), now)
                == "one run can copy both, the one that is referred to first: -t b -t a")
        var elsewhere = now
        elsewhere.schema = "s"
        #expect(
            ServerAdvice.hint(
                error("23503", #"on table "a" violates"#, detail: #"Key is not present in table "b"."#), elsewhere)
                == "one run can copy both, the one that is referred to first: -t s.b -t s.a")
        // A table that refers to itself is no matter of order.
        #expect(
            ServerAdvice.hint(
                error(
                    "23503", #"insert or update on table "a" violates"#, detail: #"Key is not present in table "a"."#),
                now) == nil)
        now.columns = ["i"]
        #expect(
            ServerAdvice.hint(error("23502", #"null value in column "j" of"#), now)
                == "no such column comes, and it has no default here")
        #expect(
            ServerAdvice.hint(error("23502", #"null value in column "i" of"#), now)
                == "--set 'i=coalesce(i, …)' gives another value")
        #expect(ServerAdvice.hint(error("22021", #"invalid byte sequence for encoding "UTF8": 0x00"#), now) == nil)
        #expect(
            ServerAdvice.hint(error("22021", #"invalid byte sequence for encoding "UTF8": 0xe9"#), now)?.contains(
                "--encoding=LATIN1") ?? false)
        now.tables = ["b"]
        #expect(
            ServerAdvice.hint(error("23503", #"on table "a" violates"#, detail: #"is not present in table "c"."#), now)
                == nil)
        now.encoding = "LATIN1"
        #expect(ServerAdvice.hint(error("22P05", "character"), now)?.contains("this database is in LATIN1") ?? false)
        now.isSource = true
        #expect(
            ServerAdvice.hint(error("40001", "canceling statement due to conflict with recovery"), now)?.contains(
                "standby") ?? false)
        #expect(ServerAdvice.hint(error("XX000", "?"), now) == nil)
    }

    @Test(
        arguments: [
            (#"COPY t, line 1, column d: "x""#, "d"), ("COPY t, line 2, column name", "name"), ("COPY t, line 1", nil),
            ("COPY t, line 1, column odd name: null input\nSQL", "odd name"),
        ] as [(String, String?)])
    func `the column of a context`(context: String, column: String?) {
        #expect(ServerAdvice.column(error("22P02", "", context: context)) == column)
    }

    @Test(
        arguments: [
            (
                "fe_sendauth: no password supplied", true, "user=u host=h",
                "a password is wanted and there is no terminal"
            ),
            (#"FATAL:  role "root" does not exist"#, false, "host=h", "no user is named"),
            (#"FATAL:  role "bob" does not exist"#, false, "host=h user=bob", nil),
            (#"FATAL:  database "root" does not exist"#, false, "host=h", "no database is named"),
            (#"no pg_hba.conf entry for host "::1", no encryption"#, false, "host=h sslmode=disable", "TLS only"),
            (#"no pg_hba.conf entry for host "::1", SSL encryption"#, false, "host=h", "has to let this user in"),
            ("FATAL:  sorry, too many clients already", false, "host=h", "a connection for each of its --jobs"),
            (#"on socket "/run/.s.PGSQL.5432" failed: No such file"#, false, "user=u", "no host is named"),
            (#"on socket "/run/.s.PGSQL.5432" failed: No such file"#, false, "host=/run", nil),
            ("timeout expired", false, "host=h", nil),
        ] as [(String, Bool, String, String?)])
    func `what helps where there is no connection`(message: String, wanted: Bool, conninfo: String, words: String?) {
        let hint = ConnectionAdvice.hint(message, said: ShownConnection(conninfo).values, wantedPassword: wanted)
        #expect(words.map { hint?.contains($0) ?? false } ?? (hint == nil), "\(hint ?? "-")")
    }

    @Test func `services are what stands in brackets`() {
        let text = "# [no]\n[east]\nhost=[::1]\n [south]\n[west]# x\n[open\n"
        #expect(ServiceFile.sections(text) == ["east", "south", "west"])
    }

    @Test func `rights are granted by who owns the table`() {
        func table(_ name: String, owner: String, sees: Bool = true, policy: Bool = false, forced: Bool = false)
            -> RightsAdvice.Table
        {
            RightsAdvice.Table(
                name: SQLName(["s", name]), owner: owner, seesSchema: sees, hasPolicy: policy, isForced: forced,
                mayRead: false,
                mayLoad: true)
        }
        let refused = PgcopyError(.server, "permission denied")
        func hint(_ tables: [RightsAdvice.Table], _ error: PgcopyError) -> String? {
            RightsAdvice(role: "Bob", tables: tables).hint(error, isSource: true)
        }
        #expect(hint([table("a", owner: "x")], refused) == #"GRANT SELECT ON s.a TO "Bob", by the owner, x"#)
        #expect(hint([table("a", owner: "x", sees: false)], refused) == #"GRANT USAGE ON SCHEMA s TO "Bob""#)
        #expect(
            hint([table("a", owner: "x", policy: true)], refused)?.contains("the owner, x, or a role with BYPASSRLS")
                ?? false)
        #expect(
            hint([table("a", owner: "x", policy: true, forced: true)], refused)?.hasSuffix(
                "connect as a role with BYPASSRLS") ?? false)
        let names = [SQLName(["s", "a"]), SQLName(["s", "b"])]
        let lacking = PgcopyError(
            .refused, "", detail: Lack.rights([("INSERT", names), ("DELETE", names), ("TRUNCATE", [names[0]])]))
        #expect(
            hint([table("a", owner: "x"), table("b", owner: "y")], lacking)
                == #"GRANT INSERT, DELETE ON s.a, s.b TO "Bob"; GRANT TRUNCATE ON s.a TO "Bob", by the owner, x, y"#)
    }

    @Test(
        arguments: [
            ("22P02", #"COPY t, line 1, column id: "id""#, "where the first line names the columns: --header"),
            ("22P02", #"COPY t, line 1, column id: "NULL""#, "what stands for NULL: --null='NULL'"),
            (
                "22P02", "COPY t, line 1, column id: \"\u{FEFF}1\"",
                "it begins with a byte order mark, which is part of the first value: program:'tail -c +4 FILE' leaves it out"
            ), ("22P04", #"COPY t, line 1: "1;2""#, "what stands between the columns: --delimiter=';'"),
            ("22P02", #"COPY t, line 1, column id: "1|x""#, "what stands between the columns: --delimiter='|'"),
            ("22P04", "COPY t, line 1: \"1\t2\"", "what stands between the columns: --delimiter=$'\\t'"),
            ("22P04", #"COPY t, line 1: "1,2""#, nil), ("22P02", #"COPY t, line 12, column id: "x""#, nil),
            ("23505", "COPY t, line 1", nil),
        ] as [(String, String, String?)])
    func `the first line of csv says what it is`(state: String, context: String, hint: String?) {
        #expect(ServerAdvice.firstLine(error(state, "m", context: context)) == hint)
    }
}
