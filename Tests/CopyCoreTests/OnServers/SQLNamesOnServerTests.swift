// Names and literals, compared with what a server makes of them.

import CopyCore
import TestKit
import Testing

@Suite struct `SQL names and literals` {
    private let odd = Array("aZ_$09.\"'\\ -;#%é💥\u{301}\n\tE").map(String.init)

    private func text(_ rng: inout Seeded, _ count: Range<Int>) -> String {
        (0..<rng.next(in: count)).map { _ in odd.randomElement(using: &rng)! }.joined()
    }

    @Test func `names are folded, unquoted and split at dots`() {
        #expect(SQLName("Orders")?.parts == ["orders"])
        #expect(SQLName(#"s."T 1".x$2"#)?.parts == ["s", "T 1", "x$2"])
        #expect(SQLName(#""a""b""#)?.parts == ["a\"b"])
        #expect(SQLName("ÄÖ")?.parts == ["ÄÖ"])
        for wrong in ["", ".", "a.", ".a", "1a", "a b", "\"a", "\"\"", "a\"b\"", "a-b", "$a", "a..b", " a"] {
            #expect(SQLName(wrong) == nil, "\(wrong)")
        }
        #expect(SQLName.list(#"a, B ,"c,d""#) == ["a", "b", "c,d"])
        for wrong in ["", "a,", ",a", "a b", "a.b"] { #expect(SQLName.list(wrong) == nil, "\(wrong)") }
    }

    @Test(arguments: Seeded.seeds(4))
    func `names are read as the server reads them`(seed: UInt64) throws {
        var rng = Seeded(seed)
        let stage = try Stage(rows: 1)
        try stage.admin.run(
            """
            CREATE FUNCTION parts(name text) RETURNS text LANGUAGE plpgsql AS
            $$ BEGIN RETURN parse_ident(name)::text; EXCEPTION WHEN OTHERS THEN RETURN NULL; END $$
            """)
        for _ in 0..<150 {
            let name = text(&rng, 0..<6)
            // The server allows spaces around the parts of a name; a table of an endpoint has none.
            if name.contains(where: { $0 == " " || $0 == "\n" || $0 == "\t" }) { continue }
            let server = try stage.admin.query("SELECT parts($1)", [name]).value(0, 0)
            let ours = SQLName(name)
            try #require((ours == nil) == (server == nil), "\(name) is \(server ?? "nothing") \(rng)")
            if let ours {
                let same = try stage.admin.query(
                    "SELECT parts($1)::text[] = parts($2)::text[]", [name, ours.quoted])
                #expect(same.value(0, 0) == "t", "\(name) \(rng)")
            }
        }
    }

    @Test(arguments: Seeded.seeds(4))
    func `a literal is the text itself, whatever standard_conforming_strings says`(seed: UInt64) throws {
        var rng = Seeded(seed)
        let stage = try Stage(rows: 1)
        for setting in ["on", "off"] {
            try stage.admin.run("SET standard_conforming_strings = \(setting); SET escape_string_warning = off")
            for _ in 0..<100 {
                let wanted = text(&rng, 0..<12)
                #expect(try stage.value("SELECT \(quoteLiteral(wanted))") == wanted, "\(setting) \(rng)")
            }
        }
    }

    @Test(arguments: Seeded.seeds(2))
    func `a quoted identifier names exactly that table`(seed: UInt64) throws {
        var rng = Seeded(seed)
        let stage = try Stage(rows: 1)
        for _ in 0..<40 {
            let name = text(&rng, 1..<8)
            let quoted = SQLName(["public", name]).quoted
            try stage.admin.run("DROP TABLE IF EXISTS \(quoted); CREATE TABLE \(quoted) ()")
            let found = try stage.admin.query(
                "SELECT relname FROM pg_class WHERE oid = to_regclass($1)", [quoteIdentifier(name)])
            #expect(found.value(0, 0) == name, "\(rng)")
        }
    }

    @Test func `COPY's options are read as they were meant`() throws {
        let stage = try Stage(rows: 1)
        var options = CopyOptions(format: .csv)
        options.header = true
        options.delimiter = "'"
        options.null = "N U\"LL"
        options.quote = "\\"
        options.escape = "\""
        let sql = "COPY (SELECT 'it''s' AS a, NULL AS b) TO STDOUT WITH \(options.sql)"
        var rows: [String] = []
        let producer = StatementProducer(try stage.session(), sql, layout: options.layout)
        try transfer(producer, CallReceiver { rows += $0.map { String(decoding: $0, as: UTF8.self) } })
        #expect(rows == ["a'b\n", #"\it's\'N U"LL"# + "\n"])
    }
}
