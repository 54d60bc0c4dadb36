// The planner: what was asked for and what servers have answered, without any server.

import Testing

@testable import CopyCore

@Suite struct `The planner` {
    private func request(
        _ source: String, _ destinations: String..., change: (inout TransferRequest) -> Void = { _ in }
    ) throws -> TransferRequest {
        var request = TransferRequest(
            from: try Endpoint(parsing: Array(source.utf8)),
            to: try destinations.map { try Endpoint(parsing: Array($0.utf8)) })
        change(&request)
        return request
    }

    /// A table `public.t` of these columns; a `*` behind a name: it is generated.
    private func table(
        _ columns: [(String, UInt32)], version: Int = 150_000, encoding: String = "UTF8", kind: Character = "r",
        heldRows: Bool = false
    ) -> Answers {
        let shape = TableShape(
            name: SQLName(["public", "t"]), kind: kind, oid: "20000",
            columns: columns.map { name, type in
                let isGenerated = name.hasSuffix("*")
                return TableShape.Column(
                    name: isGenerated ? String(name.dropLast()) : name, type: type, isGenerated: isGenerated)
            })
        return Answers(
            table: shape, heldRows: heldRows, peer: .init(serverVersion: version, encoding: encoding))
    }

    private func query(_ columns: [(String, UInt32)]) -> Answers {
        Answers(columns: columns.map { ($0, $1) }, peer: .init(serverVersion: 150_000, encoding: "UTF8"))
    }

    private func plan(
        _ request: TransferRequest, header: [String]? = nil, _ source: Answers?, _ destinations: Answers?...
    ) throws -> TablePlan {
        try TablePlanner(
            request: request, header: header, source: source,
            destinations: destinations.enumerated().map { ($0, $1) }
        ).plan()
    }

    private func refused(
        _ request: TransferRequest, header: [String]? = nil, _ source: Answers?, _ destinations: Answers?...
    ) -> Refusals? {
        do {
            _ = try TablePlanner(
                request: request, header: header, source: source,
                destinations: destinations.enumerated().map { ($0, $1) }
            ).plan()
            return nil
        } catch {
            return error
        }
    }

    private let int4: UInt32 = 23
    private let text: UInt32 = 25
    private let regclass: UInt32 = 2205

    // MARK: Columns

    @Test func `columns go by their names, whatever their order at the destination`() throws {
        let plan = try plan(
            request("src#t", "dst#t"), table([("a", int4), ("g*", int4), ("b", text)]),
            table([("b", text), ("c", text), ("a", int4)]))
        #expect(plan.statement == #"COPY "public"."t" ("a", "b") TO STDOUT WITH (FORMAT binary)"#)
        #expect(plan.landings[0]?.statement == #"COPY "public"."t" ("a", "b") FROM STDIN WITH (FORMAT binary)"#)
        #expect(plan.decisions.count == 1 && plan.refused.isEmpty && plan.messagesWithoutRow == 1)
    }

    @Test func `every destination's refusal is told at once, each with its place`() throws {
        let source = table([("a", int4), ("b", text)])
        let asked = try request("src#t", "one#t", "two#t", "three#t")
        let refusals = try #require(
            refused(asked, source, table([("a", int4)]), source, table([("a", int4), ("b*", text)])))
        #expect(refusals.source == nil && refusals.run == nil)
        #expect(refusals.destinations.map(\.place) == [0, 2])
        #expect(refusals.destinations[0].refusal.description.contains(#"has no column "b""#))
        #expect(refusals.destinations[1].refusal.description.contains("is generated there"))
    }

    @Test
    func `with --keep-going a refused destination is left out, and the others are planned as if it were not there`()
        throws
    {
        let source = table([("a", int4)], encoding: "LATIN1")
        let plan = try plan(
            request("src#t", "one#t", "two#t") { $0.keepGoing = true }, source, table([("b", int4)]), source)
        #expect(plan.refused.map(\.place) == [0])
        #expect(plan.landings.keys.sorted() == [1])
        // The one that is left out is in another encoding.
        #expect(plan.options.format == .binary || plan.options.encoding == "LATIN1")
    }

    @Test func `columns that are asked for and missing are told of both sides at once`() throws {
        let asked = try request("src#t", "dst#t") { $0.columns = ["x"] }
        let refusals = try #require(refused(asked, table([("a", int4)]), table([("b", int4)])))
        #expect(refusals.source?.description.contains(#"has no column "x""#) ?? false)
        #expect(refusals.destinations.map(\.place) == [0] && refusals.run == nil)
    }

    @Test func `a source's refusal is its own, and nothing is said of destinations that hang on it`() throws {
        let asked = try request("src", "dst#t") {
            $0.query = "SELECT 1 AS a"
            $0.columns = ["a", "b"]
        }
        var source = table([("a", int4)])
        source.columns = source.table?.columns.map { ($0.name, $0.type) } ?? []
        source.table = nil
        let refusals = try #require(refused(asked, source, table([("a", int4), ("b", int4)])))
        #expect(refusals.source?.description.contains("--columns names 2") ?? false)
        #expect(refusals.destinations.isEmpty && refusals.run == nil)
    }

    @Test func `a generated column that is asked for is selected, since COPY leaves it out`() throws {
        let plan = try plan(
            request("src#t", "null:") { $0.columns = ["g", "a"] }, table([("a", int4), ("g*", int4)]), nil)
        #expect(plan.statement?.hasPrefix(#"COPY (SELECT "g", "a" FROM ONLY "public"."t")"#) ?? false)
    }

    // MARK: Queries

    @Test func `a query's columns bear the names of --columns, as many as it gives`() throws {
        let asked = try request("src", "dst#t") {
            $0.query = "select 1, 2;"
            $0.columns = ["b", "a"]
        }
        let plan = try plan(asked, query([("?column?", int4), ("?column?", int4)]), table([("a", int4), ("b", int4)]))
        #expect(plan.statement == "COPY (\nselect 1, 2\n) TO STDOUT WITH (FORMAT binary)")
        #expect(plan.landings[0]?.statement.hasPrefix(#"COPY "public"."t" ("b", "a") FROM "#) ?? false)
        let refusals = try #require(refused(asked, query([("x", int4)]), table([("a", int4)])))
        #expect(refusals.source?.description == "the query gives 1 column, --columns names 2")
        #expect(refusals.source?.isUsageError ?? false)
    }

    @Test func `names among a query's values are written under an empty search_path; a table alone needs no care`()
        throws
    {
        let asked = try request("src", "null:") { $0.query = "select c from x" }
        #expect(try plan(asked, query([("c", regclass)]), nil).pinsNames)
        #expect(try !plan(asked, query([("c", text)]), nil).pinsNames)
        let whole = try request("src#t", "null:")
        #expect(try !plan(whole, table([("c", regclass)]), nil).pinsNames)
        let some = try request("src#t", "null:") { $0.condition = "true" }
        #expect(try plan(some, table([("c", regclass)]), nil).pinsNames)
    }

    // MARK: Files and streams

    @Test func `a header line's names are the columns; --columns may only say the same`() throws {
        let there = table([("a", int4), ("b", text)])
        let asked = try request("-", "dst#t")
        func isLoaded(_ plan: TablePlan, _ target: String) -> Bool {
            plan.landings[0]?.statement.hasPrefix("COPY \(target) FROM ") ?? false
        }
        #expect(try isLoaded(plan(asked, header: ["b", "a"], nil, there), #""public"."t" ("b", "a")"#))
        #expect(try isLoaded(plan(asked, nil, there), #""public"."t""#))
        let other = try request("-", "dst#t") { $0.columns = ["a", "b"] }
        let refusals = try #require(refused(other, header: ["b", "a"], nil, there))
        #expect(refusals.source?.description.contains("--header=skip") ?? false)
        #expect(try isLoaded(plan(other, nil, there), #""public"."t" ("a", "b")"#))
    }

    @Test(arguments: [(1, 150_000, false), (2, 150_000, true), (2, 180_000, false), (1, 180_000, false)])
    func `the line of csv's end is one where it can be no row, to every server`(columns: Int, version: Int, isEnd: Bool)
        throws
    {
        let there = table((0..<columns).map { ("c\($0)", text) }, version: version)
        let old = table([("c0", text), ("c1", text), ("g*", text)])
        let asked = try request("-", "one#t", "two#t") { $0.format = .csv }
        let rules = try plan(asked, nil, old, there).streamRules
        #expect((rules.csvMarker == .end) == isEnd)
        #expect(!rules.allowsUnterminated)
    }

    // MARK: Format and encoding

    @Test func `the format is chosen by what is known of all sides, and said with its reason`() throws {
        let rows = table([("a", int4)])
        let own = table([("a", 20_001)])
        func decision(_ plan: TablePlan) -> String { plan.decisions.joined() }
        #expect(
            try decision(plan(request("src#t", "dst#t"), rows, rows))
                == "format binary: every column's type is the same on all sides and portable")
        #expect(try decision(plan(request("src#t", "dst#t", "-"), rows, rows, nil)) == "format text: - is a stream")
        #expect(try decision(plan(request("src#t", "dst#t"), own, own)).hasPrefix(#"format text: column "a" is of"#))
        #expect(try decision(plan(request("src#t", "dst#t") { $0.format = .text }, rows, rows)) == "")
        #expect(try plan(request("src#t", "null:") { $0.format = .csv }, rows, nil).options.format == .csv)
    }

    @Test func `binary that was asked for is refused where types differ`() throws {
        let asked = try request("src#t", "dst#t") { $0.format = .binary }
        let refusals = try #require(refused(asked, table([("a", int4)]), table([("a", 20)])))
        #expect(refusals.run != nil && refusals.source == nil && refusals.destinations.isEmpty)
    }

    @Test func `characters that all sides hold in one encoding are converted by nobody`() throws {
        let latin = table([("a", text)], encoding: "LATIN1")
        let plan = try plan(request("src#t", "dst#t"), latin, latin)
        #expect(plan.options.encoding == "LATIN1" && plan.options.format == .text)
        let mixed = try self.plan(request("src#t", "dst#t"), latin, table([("a", text)]))
        #expect(mixed.options.encoding == nil)
    }

    @Test func `bytes of no known encoding are checked by a destination against its own`() throws {
        let none = table([("a", text)], encoding: "SQL_ASCII")
        let plan = try plan(request("src#t", "one#t", "two#t"), none, table([("a", text)]), none)
        #expect(plan.options.encoding == "SQL_ASCII")
        #expect(plan.landings[0]?.statement.hasSuffix("ENCODING 'UTF8')") ?? false)
        #expect(plan.landings[1]?.statement.hasSuffix("ENCODING 'SQL_ASCII')") ?? false)
    }

    // MARK: What is asked

    @Test func `types are asked for that not every server has, of tables and of queries`() {
        #expect(table([("a", int4), ("b", 20_001), ("g*", 20_002)]).unknownTypes == [20_001, 20_002])
        #expect(query([("a", int4), ("b", 20_001), ("c", 20_001)]).unknownTypes == [20_001])
    }

    @Test func `what was there before it is emptied is in the plan`() throws {
        let full = table([("a", int4)], heldRows: true)
        let plan = try plan(request("src#t", "dst#t") { $0.empties = .truncate }, table([("a", int4)]), full)
        #expect(plan.landings[0]?.heldRows ?? false)
    }
}
