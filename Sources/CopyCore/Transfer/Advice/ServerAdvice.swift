// What helps against what a server says, as far as that is known without asking it.

/// Knows what to do about a server's errors; pure.
enum ServerAdvice {
    /// What an error is met by.
    struct Circumstances {
        var isSource = false
        var readsTable = false
        var readsStream = false
        var format: CopyFormat?
        var upserts = false
        var empties = false
        var condition: String?
        var query: String?
        var encoding: String?
        /// The schema that the source's table was named with, and the tables that are read, without theirs.
        var schema: String?
        var tables: [String] = []
        /// The columns that come, where they are known.
        var columns: [String]?
    }

    /// Whether a right on a table or its schema is what is missing, or policies are in the way.
    static func deniesTable(_ error: ServerMessage) -> Bool {
        let kinds = ["table", "relation", "view", "materialized view", "foreign table", "schema"]
        return error.sqlState == "42501"
            && (error.message.contains("row-level security")
                || kinds.contains { error.message.hasPrefix("permission denied for \($0) ") })
    }

    /// What to do; nil: its own words are all there is to say.
    static func hint(_ error: ServerMessage, _ now: Circumstances) -> String? {
        // What has a context lies deeper: in a function, in a view.
        if now.isSource, error.sqlState.hasPrefix("42"), error.context == nil {
            if let condition = now.condition { return "that is in --where" + shown(condition) }
            if let query = now.query { return "that is in --query" + shown(query) }
        }
        switch error.sqlState {
        case "23505" where !now.upserts && !now.empties:
            return "--upsert updates rows that are there, --truncate empties the table first"
        case "23503":
            // Under another name here, the source knows neither.
            guard now.readsTable, let table = quoted(error.message).first, now.tables.contains(table),
                let other = error.detail.flatMap({ quoted($0).last }), other != table
            else { return nil }
            return "one run can copy both, the one that is referred to first: "
                + [other, table].map { "-t \(SQLName([now.schema, $0].compactMap { $0 }).plain)" }
                .joined(separator: " ")
        case "23502":
            guard let column = quoted(error.message).first else { return nil }
            if let columns = now.columns, !columns.contains(where: { isSameName($0, column) }) {
                return "no such column comes, and it has no default here"
            }
            return now.readsTable
                ? "--set '\(SQLName([column]).plain)=coalesce(\(SQLName([column]).plain), …)' gives another value" : nil
        case "22021" where error.message.hasSuffix(" 0x00"): return nil
        case "22021": return "--encoding says in which encoding the bytes are, as --encoding=LATIN1"
        case "22P05":
            return now.encoding.map { "this database is in \($0), which has no such character; one in UTF8 has" }
        case "53100": return "the server's disk is full"
        case "40001" where now.isSource && error.message.contains("recovery"):
            return
                "this source is a standby: hot_standby_feedback or max_standby_streaming_delay keeps its rows as long as they are read"
        default: return csv(error, now)
        }
    }

    /// A file in text format whose line has a comma where its columns should end.
    private static func csv(_ error: ServerMessage, _ now: Circumstances) -> String? {
        guard now.readsStream, !now.isSource, now.format == nil || now.format == .text,
            error.sqlState.hasPrefix("22"), let context = error.context, let line = quoted(context).last
        else { return columns(error, now) }
        for (mark, name) in [(",", "--format=csv"), (";", "--format=csv --delimiter=';'")] where line.contains(mark) {
            return "this looks like CSV: \(name) reads it"
        }
        return columns(error, now)
    }

    /// Another number of columns than the table has.
    private static func columns(_ error: ServerMessage, _ now: Circumstances) -> String? {
        guard now.readsStream, !now.isSource, error.sqlState == "22P04" else { return nil }
        return "--columns names the columns that come where not all do, --delimiter what stands between them"
    }

    /// The first line of csv that does not fit; nil: it was another, or nothing is known to help.
    static func firstLine(_ error: ServerMessage) -> String? {
        guard error.hint == nil, error.sqlState.hasPrefix("22"), let context = error.context,
            [",", ":"].contains(where: { context.contains(", line 1\($0)") }), let text = quoted(context).last
        else { return nil }
        if let mark = [";", "\t", "|"].first(where: { text.contains($0) }) {
            return "what stands between the columns: --delimiter=" + (mark == "\t" ? "$'\\t'" : "'\(mark)'")
        }
        if error.sqlState == "22P04" { return nil }
        if text.unicodeScalars.first == "\u{FEFF}" {
            return
                "it begins with a byte order mark, which is part of the first value: program:'tail -c +4 FILE' leaves it out"
        }
        if ["NULL", "\\N"].contains(text.uppercased()) { return "what stands for NULL: --null='\(text)'" }
        return "where the first line names the columns: --header"
    }

    /// Behind the option that it was the value of; nothing where it may hold a password.
    private static func shown(_ value: String) -> String {
        let text = Echo.quoted(value, instead: "")
        return text.isEmpty ? "" : " " + text
    }

    /// What stands in double quotes.
    static func quoted(_ text: String) -> [String] {
        text.split(separator: "\"", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }
            .map { String($0.element) }
    }

    /// The column in `COPY t, line 1, column d: "x"`.
    static func column(_ error: ServerMessage) -> String? {
        guard let context = error.context, let start = context.firstRange(of: ", column ") else { return nil }
        let rest = context[start.upperBound...]
        let end = rest.firstRange(of: ": ")?.lowerBound ?? rest.endIndex
        let name = rest[..<end].split(separator: ",", maxSplits: 1).first ?? rest[..<end]
        return String(name.split(separator: "\n").first ?? name)
    }
}

extension TablePlan {
    /// The columns of the rows, where they are known.
    var columnsThatCome: [String]? {
        switch rows {
        case .table(_, let columns, _, _): columns
        case .query(_, let columns): columns
        case .bytes: nil
        }
    }
}
