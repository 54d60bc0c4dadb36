// A plan for people: a table a line.

internal import CopyCore

/// Writes what a run would do.
enum PlanText {
    /// The lines, each ended by a line feed.
    static func of(_ plan: TransferPlan) -> String {
        var lines: [String] = []
        let rows = plan.tables.map { table in
            [
                table.name ?? "the rows", table.rows.map { "about \(Units.rows($0))" } ?? "",
                table.bytes.map { Units.bytes(Double($0)) } ?? "", table.format.rawValue,
            ]
        }
        // Numbers stand under each other.
        let aligned = AlignedText.lines(rows, right: [1, 2])
        for (table, line) in zip(plan.tables, aligned) {
            lines.append(line)
            if !table.parts.isEmpty { lines.append("    in \(table.parts.count) parts") }
            if let reason = table.undivided { lines.append("    not divided: \(reason)") }
            for landing in table.landings {
                let made =
                    landing.isMade
                    ? (landing.isMadeFirst ? "; made in a transaction of its own before" : "; made before") : ""
                let emptied =
                    landing.isEmptied
                    ? (landing.isEmptiedFirst ? "; emptied in a transaction of its own before" : "; emptied before")
                        + (landing.rows.map { ": about \(Units.rows($0))" } ?? "") : ""
                let key = landing.key.map {
                    "; rows that are there are updated by \($0.map(quoteIdentifier).joined(separator: ", "))"
                }
                lines.append("    into \(landing.table) at \(landing.label)\(made)\(emptied)\(key ?? "")")
            }
        }
        let count = plan.tables.count
        var sum = count == 1 ? "1 table" : "\(Units.thousands(count)) tables"
        if let rows = plan.rows { sum += ", about \(Units.rows(rows))" }
        if let bytes = plan.bytes { sum += ", \(Units.bytes(Double(bytes)))" }
        lines.append(
            sum
                + (plan.streams == 1
                    ? ", one behind the other, in one transaction at each destination; nothing was done"
                    : ", by \(plan.streams) streams, each in a transaction of its own at each destination; nothing was done")
        )
        for locks in plan.locks {
            lines.append("at \(locks.label) it holds about \(locks.held) locks of \(locks.limit) that are sure to fit")
        }
        if plan.defersConstraints { lines.append("foreign keys go in a circle: they are checked behind the last row") }
        return lines.map { $0 + "\n" }.joined()
    }
}
