// Where statements end.

import CopyModel
import Testing

@Suite struct `The statement splitter` {
    private func split(_ text: String) -> [String] {
        StatementSplitter.split(text).map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    @Test(arguments: [
        ("", []),
        (";;  ; \n;", []),
        ("-- only this\n", []),
        ("/* or /* this */; */;", []),
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1;SELECT 2;", ["SELECT 1", "SELECT 2"]),
        ("  SELECT 1 ; \n\n SELECT 2 ;\n", ["SELECT 1", "SELECT 2"]),
        ("SELECT ';', 'it''s;';SELECT 2", ["SELECT ';', 'it''s;'", "SELECT 2"]),
        (#"SELECT '\';SELECT 2"#, [#"SELECT '\'"#, "SELECT 2"]),
        (#"SELECT E'\';', e'\\';SELECT 2"#, [#"SELECT E'\';', e'\\'"#, "SELECT 2"]),
        (#"SELECT E'a'';\';' ; SELECT 2"#, [#"SELECT E'a'';\';'"#, "SELECT 2"]),
        (#"SELECT somee'\';SELECT 2"#, [#"SELECT somee'\'"#, "SELECT 2"]),
        (#"SELECT U&'\0061;', U&"a;b" UESCAPE '!';x"#, [#"SELECT U&'\0061;', U&"a;b" UESCAPE '!'"#, "x"]),
        (#"SELECT B'1;', X'f;', N'n;';x"#, [#"SELECT B'1;', X'f;', N'n;'"#, "x"]),
        (#"SELECT "a;""b;" ; x"#, [#"SELECT "a;""b;""#, "x"]),
        ("SELECT $$a;$b$;$$, $t$;$$;$t$;x", ["SELECT $$a;$b$;$$, $t$;$$;$t$", "x"]),
        ("SELECT $a$;$b$a$;x", ["SELECT $a$;$b$a$", "x"]),
        ("SELECT a$b$;c$b$;x", ["SELECT a$b$", "c$b$", "x"]),
        ("SELECT $1;$2$$;$$;x", ["SELECT $1", "$2$$;$$", "x"]),
        ("SELECT 1$$;$$;1 a$b$;x", ["SELECT 1$$;$$", "1 a$b$", "x"]),
        ("SELECT $é1$;$é1$;x", ["SELECT $é1$;$é1$", "x"]),
        ("SELECT $a ;x", ["SELECT $a", "x"]),
        ("SELECT 1 -- ; '\n;x", ["SELECT 1 -- ; '", "x"]),
        ("-- dropped; '\nSELECT 1; -- dropped\nx", ["SELECT 1", "x"]),
        ("/* kept */ SELECT 1;x", ["/* kept */ SELECT 1", "x"]),
        ("SELECT 1 /* ; /* ; */ ; */ + 1;x", ["SELECT 1 /* ; /* ; */ ; */ + 1", "x"]),
        ("SELECT 1 /*/ ; */;x", ["SELECT 1 /*/ ; */", "x"]),
        ("SELECT 1 - - 1, 4 / 2 * 2;x", ["SELECT 1 - - 1, 4 / 2 * 2", "x"]),
        ("SELECT 1 +-- ;\n1;x", ["SELECT 1 +-- ;\n1", "x"]),
        ("SELECT 1 */* ; */ 2;x", ["SELECT 1 */* ; */ 2", "x"]),
        (
            "CREATE RULE r AS ON INSERT TO t DO (DELETE FROM u; DELETE FROM v;);x",
            ["CREATE RULE r AS ON INSERT TO t DO (DELETE FROM u; DELETE FROM v;)", "x"]
        ),
        ("SELECT 1);x", ["SELECT 1)", "x"]),
        ("SELECT 'open;x", ["SELECT 'open;x"]),
        ("SELECT (1;x", ["SELECT (1;x"]),
        ("x; /* open; y", ["x", "/* open; y"]),
        ("-", ["-"]),
        ("a\r\n;\r\nb", ["a", "b"]),
        ("-- ends at a carriage return\rx", ["x"]),
    ])
    func `ends them as psql does`(_ text: String, _ statements: [String]) { #expect(split(text) == statements) }

    @Test(arguments: [
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END",
        "create or replace procedure p() begin atomic insert into t values (1); end",
        "CREATE PROCEDURE p() BEGIN ATOMIC BEGIN; END; SELECT 1; END",
        "CREATE FUNCTION f(a int DEFAULT (CASE 1 WHEN 1 THEN 1 END)) RETURNS int BEGIN ATOMIC SELECT a; END",
        "CREATE FUNCTION f() BEGIN ATOMIC END",
        "CREATE FUNCTION f() RETURNS a%TYPE BEGIN /* ; */ ATOMIC -- END;\n; SELECT 1 ;; END",
        // Names and columns that only look like the words that matter.
        "CREATE FUNCTION f() BEGIN ATOMIC SELECT 1 AS end; SELECT 1 end, a.end FROM a; SELECT 2; END",
        "CREATE FUNCTION f() BEGIN ATOMIC SELECT a.case FROM a; SELECT begin FROM a; SELECT 1; END",
        "CREATE FUNCTION f() BEGIN ATOMIC SELECT 'x' end; SELECT E'\\'' end; SELECT -- ;\n(1) end; SELECT 2; END",
        "CREATE FUNCTION begin() RETURNS begin LANGUAGE begin AS 'x'",
        "CREATE FUNCTION a.begin() RETURNS SETOF begin SET begin TO begin, begin SUPPORT begin AS 'x'",
        "CREATE FUNCTION f(begin int) RETURNS int RETURN begin + 1",
        "CREATE FUNCTION f(begin atomic) RETURNS int AS 'x'",
        "CREATE FUNCTION begin() RETURNS begin SET x = begin BEGIN ATOMIC SELECT 1; END",
        "CREATE FUNCTION f() COST 1 ROWS 1.5 BEGIN ATOMIC SELECT 1; END",
        // A routine inside a routine is the server's to refuse, as one.
        "CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; CREATE OR REPLACE FUNCTION g() BEGIN ATOMIC SELECT 2; END; SELECT 3; END",
        "CREATE FUNCTION f() BEGIN ATOMIC CREATE PROCEDURE g() AS 'x'; SELECT 3; END",
        // So is a body that forgot ATOMIC.
        "CREATE PROCEDURE p() BEGIN DELETE FROM t; BEGIN DELETE FROM u; END; DELETE FROM v; END",
    ])
    func `keeps the body of a routine together`(_ routine: String) {
        #expect(split("BEGIN; \(routine); SELECT 1; END;") == ["BEGIN", routine, "SELECT 1", "END"])
    }

    @Test(arguments: [
        "(name) CREATE FUNCTION f() BEGIN ATOMIC", "+ CREATE FUNCTION f() BEGIN", "'x' CREATE FUNCTION f() BEGIN",
        "(CREATE FUNCTION f()) BEGIN", "CREATE (a) FUNCTION f() BEGIN", "CREATE OR (a) REPLACE FUNCTION f() BEGIN",
        "CREATE OR REPLACE (a) FUNCTION f() BEGIN", #"CREATE "FUNCTION" f() BEGIN"#,
        "CREATE TABLE function (begin int)",
        "name CREATE FUNCTION f() BEGIN ATOMIC", "CREATE OR FUNCTION f() BEGIN", "$1 CREATE FUNCTION f() BEGIN",
        "SELECT 1 end", "END",
    ])
    func `what does not begin as a routine has no body`(_ statement: String) {
        #expect(split("\(statement); SELECT 1; END") == [statement, "SELECT 1", "END"])
    }

    @Test func `BEGIN outside of a routine opens nothing`() {
        #expect(
            split("BEGIN; CREATE TABLE f (begin int); SELECT 1; END") == [
                "BEGIN", "CREATE TABLE f (begin int)", "SELECT 1", "END",
            ])
    }

    @Test func `an escape string goes on behind a line end, as the server reads it`() {
        #expect(split("SELECT E'a'\n -- ; '\n  '\\';'; x") == ["SELECT E'a'\n -- ; '\n  '\\';'", "x"])
        #expect(split("SELECT E'a' '\\'; x") == ["SELECT E'a' '\\'", "x"])
        #expect(split("SELECT E'a'\n, '\\'; x") == ["SELECT E'a'\n, '\\'", "x"])
        #expect(split("SELECT E'a'\n/**/'\\'; x") == ["SELECT E'a'\n/**/'\\'", "x"])
    }

    @Test func `knows COPY where it is the first word`() {
        func copies(_ text: String) -> [Bool] { StatementSplitter.split(text).map(\.isCopy) }
        #expect(
            copies("COPY t TO STDOUT; copy(select 1) to stdout;/**/ -- x\nCopy t FROM STDIN") == [true, true, true])
        #expect(
            copies("SELECT copy; copying; \"copy\"; 'copy'; (copy; ); $copy; -copy")
                == Array(repeating: false, count: 7))
        #expect(copies("SELECT 1; COPY t TO STDOUT; SELECT 2") == [false, true, false])
    }

    @Test func `counts lines to the first word`() {
        let text = "SELECT 1;\n\n-- c\n/* d\n */ SELECT\n2; SELECT 3;\nSELECT '\n';x"
        #expect(StatementSplitter.split(text).map(\.line) == [1, 5, 6, 7, 8])
    }

    @Test func `can be used again after the end of a text`() {
        var splitter = StatementSplitter()
        for byte in "SELECT 'open".utf8 { #expect(splitter.push(byte) == nil) }
        #expect(splitter.finish()?.bytes == Array("SELECT 'open".utf8))
        #expect(splitter.finish() == nil)
        #expect("x;".utf8.compactMap { splitter.push($0) }.map(\.line) == [1])
    }

    @Test func `gives the same statements however the text is cut`() {
        let text = #"""
            SELECT 'a;''b', E'c\';' , $tag$;$ta$;$tag$ -- x ; '
            /* ; /* ; */ */ ; CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE 1 WHEN 2 THEN 3 END; END; U&"x;" 1$b$;$b$
            ;; COPY t FROM STDIN; last
            """#
        let whole = StatementSplitter.split(text)
        #expect(whole.count == 5)
        let bytes = Array(text.utf8)
        for seed in UInt64(1)...200 {
            var random = SeededGenerator(seed: seed)
            var splitter = StatementSplitter()
            var found: [SQLStatement] = []
            for piece in random.pieces(of: bytes.count, upTo: Int.random(in: 1...40, using: &random)) {
                embedded(bytes[piece]) { splitter.push($0) { found.append($0) } }
            }
            if let last = splitter.finish() { found.append(last) }
            #expect(found == whole, "seed \(seed)")
        }
    }
}
