// What the records say of how far a run is.

internal import CopyCore

extension JSONText {
    static func members(of progress: TransferProgress, source: String?) -> [(String, JSONText)] {
        let reading = progress.reading
        let coming = progress.coming
        return [
            ("seconds", .double(progress.duration.seconds)),
            ("remaining_seconds", .optional(coming?.remaining?.seconds)),
            ("copy_seconds", .double(reading.duration.seconds)), ("rows", .int(reading.total.messages)),
            ("bytes", .int(reading.total.bytes)), ("total_bytes", .optional(coming?.bytes.map { Int(min($0, 9e18)) })),
            ("fraction", .optional(coming?.fraction)), ("bytes_per_second", .double(reading.rate)),
            ("cycle", cycle(reading)), ("tables", .optional(progress.tables?.count)),
            ("tables_done", .optional(progress.tables?.done)),
            ("streams", .array(progress.streams.map(stream))),
            ("destinations", .array(progress.destinations.map(destination))),
        ] + members(of: progress.stage, source: source, heldUpBy: heldUpBy(progress))
    }

    private static func cycle(_ reading: RateMeter.Reading) -> JSONText {
        .object([
            ("seconds", .double(reading.cycleDuration.seconds)), ("rows", .int(reading.cycle.messages)),
            ("bytes", .int(reading.cycle.bytes)), ("bytes_per_second", .double(reading.cycleRate)),
        ])
    }

    private static func stream(_ stream: StreamProgress) -> JSONText {
        .object([
            ("stream", .int(stream.number)), ("table", .optional(stream.table)), ("part", .optional(stream.part)),
            ("bytes", .int(stream.bytes)), ("stored_bytes", .optional(stream.size)),
        ])
    }

    private static func destination(_ destination: DestinationProgress) -> JSONText {
        .object([
            ("destination", .string(destination.label)), ("state", .string(destination.state.rawValue)),
            ("bytes", .int(destination.taken)), ("bytes_behind", .int(destination.behind)),
            ("bytes_per_second", .double(destination.rate)),
        ])
    }

    /// Who keeps the source from giving more: nothing has come, and rows are there for these.
    private static func heldUpBy(_ progress: TransferProgress) -> [String] {
        let late = progress.destinations.filter { $0.isActive && $0.behind > 0 }
        return progress.reading.cycle.bytes == 0 ? late.map(\.label) : late.filter { $0.state == .stalled }.map(\.label)
    }

    /// Its name, who is waited for, and which commit it is.
    private static func members(
        of stage: TransferStage, source: String?, heldUpBy labels: [String]
    ) -> [(String, JSONText)] {
        func members(_ name: String, _ labels: [String]) -> [(String, JSONText)] {
            [("phase", .string(name)), ("waiting_for", strings(labels))]
        }
        return switch stage {
        case .preparing(let labels): members("preparing", labels)
        case .copying: members("copying", labels)
        case .waitingForSource: members("copying", source.map { [$0] } ?? [])
        case .finishing(let labels): members("finishing", labels)
        case .settling(let labels): members("settling", labels)
        case .merging(let labels): members("merging", labels)
        case .indexing(let labels): members("indexing", labels)
        case .committing(let label, let number, let count):
            members("committing", [label]) + [("commit", .int(number)), ("commits", .int(count))]
        }
    }
}
