// Random statements that are SQL, so that it is known where they end.

import TestKit

/// Makes statements that PostgreSQL's grammar takes, full of semicolons that end none of them.
struct RandomSQL {
    private var random: Seeded
    /// Columns, routines and types are called BEGIN, END and CASE here and there: psql is led astray by them.
    private let keywordsAsNames: Bool

    init(_ seed: UInt64, keywordsAsNames: Bool) {
        random = Seeded(seed)
        self.keywordsAsNames = keywordsAsNames
    }

    /// So many statements, without the semicolons between them.
    mutating func statements(_ count: Int) -> [String] { (0..<count).map { _ in statement() } }

    private mutating func statement() -> String {
        switch random.next(in: 0..<10) {
        case 0: any(["BEGIN", "END", "COMMIT", "begin isolation level serializable"])
        case 1: "CREATE TABLE f (begin int, \"end;\" text DEFAULT \(expression()))"
        case 2: "CREATE RULE r AS ON INSERT TO t DO (DELETE FROM u;\(space())\(select()); DELETE FROM v;)"
        case 3, 4: select()
        default: routine(depth: 0)
        }
    }

    private mutating func routine(depth: Int) -> String {
        let head = any(["CREATE", "create or replace", "Create Or /* ; */ Replace"])
        let kind = any(["FUNCTION", "procedure"])
        let names =
            ["f", "a.f", "\"BEGIN\"", "s.\"f;\""] + (keywordsAsNames ? ["begin", "s.begin", "begin.begin"] : [])
        let arguments = any(["", "a int", "begin int", "a int DEFAULT (CASE 1 WHEN 1 THEN 2 END)", "begin atomic"])
        var routine = "\(head) \(kind)\(space())\(any(names))(\(arguments))"
        if kind == "FUNCTION" {
            let types = ["int", "a.t%TYPE", "TABLE (a int, begin text)", "time with time zone", "int[]"]
            let odd = keywordsAsNames ? ["begin", "SETOF begin", "begin[]"] : []
            routine += " RETURNS \(any(types + odd))"
        }
        let options = ["", " LANGUAGE sql", " COST 1.5", " SECURITY DEFINER SET a TO 'x;y', b", " SET a = 1 STRICT"]
        let odd = keywordsAsNames ? [" LANGUAGE begin", " SET begin TO begin", " SET a = begin, begin"] : []
        routine += any(options + odd) + space()
        switch random.next(in: 0..<8) {
        case 0: return routine + "AS \(any(["$$ BEGIN; x; END; $$", "'BEGIN; END;'", "$a$;$$;$a$"]))"
        case 1: return routine + "RETURN \(expression())"
        default: return routine + body(depth: depth)
        }
    }

    private mutating func body(depth: Int) -> String {
        var body = "\(any(["BEGIN", "begin"]))\(space())\(any(["ATOMIC", "atomic"]))\(space())"
        for _ in 0..<random.next(in: 0..<4) {
            switch random.next(in: 0..<8) {
            case 0: body += ";"
            case 1: body += "INSERT INTO t VALUES (\(expression()));"
            case 2: body += "RETURN \(expression()) ;"
            case 3 where depth < 2: body += routine(depth: depth + 1) + ";"
            default: body += select() + ";"
            }
            body += space()
        }
        return body + any(["END", "end"])
    }

    private mutating func select() -> String {
        let columns = (0..<random.next(in: 1..<4)).map { _ in
            let labels =
                ["", " AS a", " AS \"end;\""] + (keywordsAsNames ? [" AS end", " end", " AS case", " begin"] : [])
            return expression() + any(labels)
        }
        return "SELECT\(space())" + columns.joined(separator: ",\(space())")
    }

    private mutating func expression() -> String {
        let expressions = [
            "1", "'x;y'", #"E'\';\\'"#, "'it''s;'", "$$;$$", "$q$';$$;$q$", #""i;d""#, "$1", "U&'\\0061;'", "2 - -1",
            "CASE 1 WHEN 1 THEN 'END;' END", "case when true then case 1 when 2 then 3 end end",
            "(SELECT CASE 1 WHEN 1 THEN 2 END)", "f(1, ';')", "a.b /* ; */ / 2", "ARRAY[1, 2]",
        ]
        return any(expressions + (keywordsAsNames ? ["begin", "a.end", "a.case", "a.begin", "begin(1)"] : []))
    }

    private mutating func space() -> String { any([" ", "\n", "\t ", " /* ; END; */ ", " -- ; ' END;\n"]) }

    private mutating func any(_ choices: [String]) -> String { choices[random.next(in: 0..<choices.count)] }
}
