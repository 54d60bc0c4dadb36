// The statement splitter beside psql: where quotes, comments and parentheses end, every psql and we agree.
//
// Not where routines' bodies end: psql guesses, and since 15.19 and its like of 2026 it guesses otherwise where the
// text is no SQL. That is for the server to say: see `The splitter beside a server`.

import CopyCore
import TestKit
import Testing

@Suite(.serialized) struct `The splitter beside psql` {
    /// Blank lines are psql's to drop, and it sends the semicolon along.
    private func core(_ text: String) -> String {
        var text = text.utf8.filter { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        while let last = text.last, "; \t".utf8.contains(last) { text.removeLast() }
        return String(decoding: text, as: UTF8.self)
    }

    private func compare(_ text: String, _ server: RecordingServer, _ comment: Comment) throws {
        let sent = try server.queries(of: Array(text.utf8)).filter { !StatementSplitter.split($0).isEmpty }
        let found = StatementSplitter.split(text).map { String(decoding: $0.bytes, as: UTF8.self) }
        #expect(found.map(core) == sent.map(core), "\(comment): \(text.debugDescription)")
    }

    @Test func `hand-written texts`() throws {
        let server = try RecordingServer()
        let texts = [
            "SELECT 1; SELECT 2\n;\n\n-- x ; y\nSELECT 3 -- ; \n ; /* a ; /* b */ ; */ SELECT 4; SELECT 5",
            "SELECT 'a;''b' ; SELECT \"c;\"\"d\"; SELECT 'e\n;\n\nf'; SELECT 6",
            #"SELECT E'\';\\'; SELECT E'\\\';' ; SELECT '\'; SELECT e'a\#n\';'; SELECT xe'\'; SELECT 7"#,
            #"SELECT E'line ends in \#\#n' ; ' ; SELECT 8"#,
            "SELECT $$a;$b$;$$, $t$;$$;$t$;x; SELECT $a$;$b$a$;SELECT a$b$;c$b$;x; SELECT $1;$2$$;$$;x",
            "SELECT 1$$;$$;1 a$b$;x;1.5$$;$$; .5$b$;$b$; SELECT $é1$;$é1$;x; $a ;x; $;$",
            "SELECT 1 +-- ;\n1;SELECT 1 */* ; */ 2;x; SELECT 1 /*/ ; */;x; SELECT 1 - - 1; a--/*;\nb; c/--;\n*/d;",
            "CREATE RULE r AS ON INSERT TO t DO (DELETE FROM u; DELETE FROM v;);x; SELECT 1);x; [;];x",
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END; x;",
            "create or replace procedure p() begin atomic insert into t values (1); end; begin; x; end;",
            "CREATE FUNCTION f(a int DEFAULT (CASE 1 WHEN 1 THEN 1 END)) BEGIN ATOMIC SELECT a; END; x",
            "CREATE TABLE f (begin int); BEGIN; CREATE \"FUNCTION\" f() BEGIN; END; CREATE OR FUNCTION begin; x",
            #"SELECT U&'\0061;', U&"a;b" UESCAPE '!';x; SELECT B'1;', X'f;', N'n;'; u&x'a;'"#,
            "SELECT 'open; x; y", "SELECT (1; x; y", "x; /* open; y", "x; SELECT \"open; y",
            "x; SELECT $a$ open; $b$; y",
            "a\r\n;\r\nb -- c\r\n; d; -- e\rf; g",
        ]
        for text in texts { try compare(text, server, "hand-written") }
    }

    /// Versions differ in what follows a digit at once; servers from 15 on refuse it anyway.
    @Test func `random fragments, cut from every context`() throws {
        let server = try RecordingServer()
        let fragments = [
            "'", "\"", "$$", "$a$", "$b$", "a$b$c", "--", "/*", "*/", "(", ")", ";", ";", ";", " ", " ", "\n", "\n",
            "x", "E",
            "e'", "U&'", "u&\"", "1 ", "$1 ", "$", "-", "/", "*", "BEGIN", " begin ", " end ", " case ",
            "CREATE TABLE ", "create or replace rule ", "é", "''", "copy ", "\t", ",", "_", "$é$", "<>", "[",
        ]
        for seed in Seeded.seeds(200) {
            var random = Seeded(seed)
            let count = random.next(in: 5..<60)
            let text = (0..<count).map { _ in fragments[random.next(in: 0..<fragments.count)] }.joined()
            try compare(text, server, "\(random)")
        }
    }

    @Test func `random statements of whole tokens, escapes among them`() throws {
        let server = try RecordingServer()
        let tokens = [
            #"E'\'',"#, #"e'\\',"#, #"E'a;\'b''\\';"#, #"E'\#\#n',"#, #"'\',"#, #"'a\'';'"#, #""\""#, #"$$\$$"#,
            #"$q$'\;$q$"#,
            #"/* \ ; ' */"#, "-- \\ ; '\n", "(", ")", ";", ";", "name", "1", "'x;y'", "\"i;d\"", "\n", "+", "a$b",
            "CREATE RULE f BEGIN ATOMIC", "SELECT 1;", "END;", "CASE 1 END",
        ]
        for seed in Seeded.seeds(150) {
            var random = Seeded(seed)
            let count = random.next(in: 5..<40)
            let text = (0..<count).map { _ in tokens[random.next(in: 0..<tokens.count)] }.joined(separator: " ")
            try compare(text, server, "\(random)")
        }
    }

    @Test func `random routines as people write them`() throws {
        let server = try RecordingServer()
        for seed in Seeded.seeds(50) {
            var text = RandomSQL(seed, keywordsAsNames: false)
            try compare(text.statements(4).joined(separator: ";"), server, "seed \(seed)")
        }
    }

    @Test func `what goes on behind a line end is the server's to say`() throws {
        // psql looks at one line at a time and takes the second for a string without escapes.
        let text = "SELECT E'a'\n  'b\\';c'"
        #expect(StatementSplitter.split(text + "; SELECT 2").count == 2)
        let cluster = try Servers.source
        let session = try PipelineStage.session(cluster.conninfo(), SystemPoller())
        #expect(try session.query(text).value(0, 0) == "ab';c")
    }
}
