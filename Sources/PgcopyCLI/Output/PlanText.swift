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
        let widths = (0..<4).map { column in rows.map { $0[column].count }.max() ?? 0 }
        for (table, row) in zip(plan.tables, rows) {
            let cells = row.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                // Numbers stand under each other.
                return [1, 2].contains(column) ? space + row[column] : row[column] + space
            }
            lines.append(cells.joined(separator: "  ").trimmed)
            if !table.parts.isEmpty { lines.append("    in \(table.parts.count) parts") }
            if let reason = table.undivided { lines.append("    not divided: \(reason)") }
            for landing in table.landings {
                let emptied =
                    landing.isEmptied
                    ? (landing.isEmptiedFirst ? "; emptied in a transaction of its own before" : "; emptied before")
                        + (landing.rows.map { ": about \(Units.rows($0))" } ?? "") : ""
                lines.append("    into \(landing.table) at \(landing.label)\(emptied)")
            }
        }
        let count = plan.tables.count
        var sum = count == 1 ? "1 table" : "\(count) tables"
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

extension String {
    fileprivate var trimmed: String {
        var bytes = Array(utf8)
        while bytes.last == 32 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
