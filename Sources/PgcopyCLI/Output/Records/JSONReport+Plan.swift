// What the records say of the plan, of waits, of differences.

internal import CopyCore

extension JSONText {
    static func members(of plan: TransferPlan) -> [(String, JSONText)] {
        [
            ("dry_run", .bool(plan.isDryRun)), ("rows", .optional(plan.rows)), ("bytes", .optional(plan.bytes)),
            ("streams", .int(plan.streams)),
            ("constraints_deferred", .bool(plan.defersConstraints)), ("tables", .array(plan.tables.map(table))),
            ("locks", .array(plan.locks.map(locks))),
        ]
    }

    private static func table(_ table: TransferPlan.Table) -> JSONText {
        .object([
            ("table", .optional(table.name)), ("rows", .optional(table.rows)), ("bytes", .optional(table.bytes)),
            ("format", .string(table.format.rawValue)), ("reason", .optional(table.reason)),
            ("statement", .optional(table.statement)), ("parts", .array(table.parts.map(part))),
            ("undivided", .optional(table.undivided)), ("destinations", .array(table.landings.map(landing))),
        ])
    }

    private static func part(_ part: TransferPlan.Part) -> JSONText {
        .object([
            ("part", .string(part.name)), ("bytes", .int(part.bytes)), ("statement", .string(part.statement)),
        ])
    }

    private static func landing(_ landing: TransferPlan.Landing) -> JSONText {
        .object([
            ("destination", .string(landing.label)), ("table", .string(landing.table)),
            ("made", .bool(landing.isMade)), ("made_first", .bool(landing.isMadeFirst)),
            ("emptied", .bool(landing.isEmptied)), ("emptied_first", .bool(landing.isEmptiedFirst)),
            ("rows", .optional(landing.rows)), ("key", landing.key.map(strings) ?? .null),
            ("statement", .string(landing.statement)),
        ])
    }

    private static func locks(_ locks: TransferPlan.Locks) -> JSONText {
        .object([("endpoint", .string(locks.label)), ("held", .int(locks.held)), ("limit", .int(locks.limit))])
    }

    /// Which lock is waited for, and who holds it.
    static func lock(_ wait: LockWait) -> JSONText {
        .object([
            ("table", .optional(wait.table)), ("pid", .int(Int(wait.holder.pid))),
            ("application", .optional(wait.holder.program)), ("state", .optional(wait.holder.state)),
            ("state_seconds", .optional(wait.holder.duration.map { Int($0.components.seconds) })),
        ])
    }

    static func difference(_ drift: Drift) -> JSONText {
        .object([
            ("table", .string(drift.table)), ("what", .string(drift.what)), ("source", .string(drift.source)),
            ("there", .string(drift.destination)), ("endpoint", .string(drift.label)),
        ])
    }
}
