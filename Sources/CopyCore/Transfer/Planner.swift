// From what was asked for and what servers have answered to the plan of a run; pure.

/// Makes the plan of a run, or says everything that stands in its way.
struct Planner {
    let request: TransferRequest
    /// The names of a stream's header line, where they count.
    var header: [String]?
    /// Of each table, or of the query; nil: the source is no server.
    var source: [Answers]?
    /// Destinations that still take part, by their place in the request, with what they say of each table; nil: no server.
    var destinations: [(place: Int, answers: [Answers]?)]
    /// Which stream empties and loads which table, where that is settled.
    var shares: Shares?

    /// Tables that were to be divided were emptied before already.
    var hasEmptied = false

    /// The plan.
    /// - Throws: `Refusals`.
    func plan() throws(Refusals) -> Plan {
        var left = destinations
        var refused: [(place: Int, refusal: PgcopyError)] = []
        while true {
            var plan = try plan(left)
            guard !plan.refused.isEmpty else {
                plan.refused = refused
                return plan
            }
            // What the others are given may have hung on those that are left out.
            refused += plan.refused
            let places = Set(plan.refused.map(\.place))
            left.removeAll { places.contains($0.place) }
            guard count > 1 else {
                plan.refused = refused
                return plan
            }
        }
    }

    private var count: Int {
        max(1, source?.count ?? 0, destinations.map { $0.answers?.count ?? 0 }.max() ?? 0)
    }

    private func plan(_ destinations: [(place: Int, answers: [Answers]?)]) throws(Refusals) -> Plan {
        var tables: [TablePlan] = []
        var all = Refusals()
        for number in 0..<count {
            let planner = TablePlanner(
                request: request, header: header, source: source?[number],
                destinations: destinations.map { ($0.place, $0.answers?[number]) })
            do {
                tables.append(try planner.plan())
            } catch {
                all.add(error)
            }
        }
        guard all.isEmpty else { throw all }
        var refused = Refusals()
        for table in tables { for (place, refusal) in table.refused { refused.add(refusal, place) } }
        let (order, defers) = try order(destinations)
        var plan = Plan(
            tables: order.map { tables[$0] }, units: [], defersConstraints: defers, refused: refused.destinations,
            decisions: decisions(tables))
        let servers = destinations.compactMap { destination in destination.answers.map { (destination.place, $0) } }
        do {
            try Divider(
                request: request, order: order, source: source, destinations: servers.map(\.1), shares: shares,
                hasEmptied: hasEmptied
            ).divide(&plan, places: servers.map(\.0))
        } catch {
            var refusals = Refusals()
            refusals.run = error
            throw refusals
        }
        return plan
    }

    /// A table comes behind those that it refers to at any destination.
    private func order(
        _ destinations: [(place: Int, answers: [Answers]?)]
    ) throws(Refusals) -> (order: [Int], defers: Bool) {
        // Where nobody looks at those that rows refer to, each may be first; TRUNCATE alone takes tables together.
        let references = (0..<count).map { number in
            request.disablesTriggers ? [] : destinations.flatMap { $0.answers?[number].references ?? [] }
        }
        do {
            return try TableOrder.sorted(references)
        } catch {
            var refusals = Refusals()
            let names = error.tables.map { source?[$0].table?.name.quoted ?? "" }.joined(separator: ", ")
            let constraints = Set(error.constraints).sorted().map { constraint in
                // Of several destinations each may have its own.
                let places = destinations.filter { destination in
                    destination.answers?.contains { $0.references.contains { $0.constraint == constraint } } ?? false
                }.map { request.destinations[$0.place].label }
                return "\(quoteIdentifier(constraint)) at \(places.joined(separator: ", "))"
            }.joined(separator: "; ")
            refusals.run = PgcopyError(
                .refused,
                "the tables \(names) refer to each other in a circle by foreign keys that cannot be deferred "
                    + "(\(constraints)): none of them can be loaded first; ALTER TABLE … ALTER CONSTRAINT … DEFERRABLE helps"
            )
            throw refusals
        }
    }

    /// What was decided alike is said once.
    private func decisions(_ tables: [TablePlan]) -> [String] {
        guard tables.count > 1 else { return tables.first?.decisions ?? [] }
        var labels: [String: [String]] = [:]
        var order: [String] = []
        for table in tables {
            for decision in table.decisions {
                if labels[decision] == nil { order.append(decision) }
                labels[decision, default: []].append(table.label)
            }
        }
        return order.map { decision in
            let names = labels[decision] ?? []
            return "\(names.count > 3 ? "\(names.count) tables" : names.joined(separator: ", ")): \(decision)"
        }
    }
}
