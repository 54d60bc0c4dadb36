// Patterns over names, without any server.

import CopyModel
import Testing

@Suite struct `A pattern over names` {
    private func expressions(_ text: String, atMost limit: Int = 2) -> [String?]? {
        NamePattern(text, atMost: limit)?.parts.map(\.expression)
    }

    @Test func `is read as psql and pg_dump read it`() {
        for (text, expected) in [
            ("orders", ["^(orders)$"]), ("Orders", ["^(orders)$"]), (#""Orders""#, ["^(Orders)$"]),
            ("ord*", ["^(ord.*)$"]), ("o?d", ["^(o.d)$"]), (#""o*d?""#, [#"^(o\*d\?)$"#]),
            ("a.b", ["^(a)$", "^(b)$"]), (#""a.b""#, [#"^(a\.b)$"#]), (#"A"B"c"#, ["^(aBc)$"]),
            (#""a""b""#, [#"^(a"b)$"#]), ("t$1", [#"^(t\$1)$"#]), (#""t$1""#, [#"^(t\$1)$"#]),
            ("t[0-9]+", ["^(t[0-9]+)$"]),
            ("a|b", ["^(a|b)$"]), ("t[]", [#"^(t\[])$"#]), ("größe", ["^(größe)$"]), ("É", ["^(É)$"]),
        ] as [(String, [String])] {
            #expect(expressions(text) == expected, "\(text)")
        }
        #expect(expressions("*") == [nil])
        #expect(expressions("*.*") == [nil, nil])
    }

    @Test func `knows the one name that it stands for`() {
        for (text, literals) in [
            ("orders", ["orders"]), ("Sales.Orders", ["sales", "orders"]), (#""a*b""#, ["a*b"]),
            (#"s."a.b""#, ["s", "a.b"]),
            ("t$1", ["t$1"]), ("a b", ["a b"]), ("2020_x", ["2020_x"]),
        ] as [(String, [String])] {
            #expect(NamePattern(text, atMost: 2)?.literals == literals, "\(text)")
        }
        for text in ["o*", "o?", "s*.o", "s.o|p", "t[0-9]", "a+", "(a)", #"a\b"#, "a^"] {
            #expect(NamePattern(text, atMost: 2)?.literals == nil, "\(text)")
        }
    }

    @Test func `is refused where it is none`() {
        for text in ["", ".", "a.", ".a", "a..b", "a.b.c", #"""#, #""a"#, #"a"b.c"#, #""""#] {
            #expect(NamePattern(text, atMost: 2) == nil, "\(text)")
        }
        #expect(NamePattern("a.b", atMost: 1) == nil)
    }
}
