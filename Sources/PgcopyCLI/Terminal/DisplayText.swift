// The display's lines, for a terminal of some size.

internal import CopyCore

/// Writes how a run stands; pure.
struct DisplayText {
    let state: DisplayState
    let columns: Int
    let rows: Int
    let isUnicode: Bool

    /// Less shows nothing but the one line.
    private static let leastColumns = 30
    private static let head = 2

    /// One line at least; no more than leave the terminal another one.
    var lines: [StyledText] {
        guard let progress = state.progress else { return [] }
        let room = rows - 1
        guard columns >= Self.leastColumns, room > Self.head else { return [shortLine(progress)] }
        let endpoints = endpoints(progress, room: room - Self.head)
        let streams = streams(progress, room: room - Self.head - endpoints.count)
        return [totalLine(progress), secondLine(progress)] + streams + endpoints
    }

    // MARK: Totals

    private func shortLine(_ progress: TransferProgress) -> StyledText {
        if let wait = state.waits.min(by: { $0.key < $1.key })?.value { return StyledText(shown(wait.text), .warning) }
        if case .preparing = progress.stage { return StyledText("preparing \(Units.clock(progress.duration))") }
        let parts = [
            percent(progress), Units.bytes(Double(progress.reading.total.bytes)), state.flows ? rate(progress) : nil,
            state.flows ? state.remaining.map { "ETA " + Units.left($0) } : stage(progress),
        ]
        return StyledText(parts.compactMap { $0 }.joined(separator: " "))
    }

    private func rate(_ progress: TransferProgress) -> String { Units.rate(state.rate ?? progress.reading.rate) }

    private func percent(_ progress: TransferProgress) -> String? {
        progress.coming?.percent.map { "\($0)%" }
    }

    private func totalLine(_ progress: TransferProgress) -> StyledText {
        if case .preparing(let all) = progress.stage {
            // Who waits for a lock says so himself.
            let labels = all.filter { state.waits[$0] == nil }.map(shown)
            let whom = labels.isEmpty ? "" : "; waiting for \(labels.joined(separator: ", ")) to answer"
            return StyledText("preparing" + whom, .bold)
        }
        let text = figures(progress)
        guard let fraction = progress.coming?.fraction, let percent = percent(progress) else {
            return StyledText(text, .bold)
        }
        let length = min(40, columns - 1 - TextWidth.of(text) - 7)
        var line = StyledText()
        if length >= 5 {
            line = Sparkline.bar(fraction, columns: length, isUnicode: isUnicode)
            line.append(" ")
        }
        line.append(right(percent, 3), .bold)
        line.append("  " + text)
        return line
    }

    /// How much, how fast, and for how long: as much of it as there is room for.
    private func figures(_ progress: TransferProgress) -> String {
        let bytes = Units.bytes(Double(progress.reading.total.bytes))
        guard state.flows else { return "\(bytes)  \(stage(progress))" }
        let total = progress.forecast.bytes.map { Units.pair(bytes, " of ~", Units.bytes($0)) } ?? bytes
        let (now, mean) = (rate(progress), Units.rate(progress.reading.rate))
        let left = state.remaining.map { ["ETA " + Units.left($0)] } ?? []
        let variants = [
            [total, "\(now) (mean \(Units.number(mean, besides: now)))"] + left, [total, now] + left,
            [bytes, now] + left,
            [now] + left,
        ].map { $0.joined(separator: "  ") }
        return fitting(variants, in: columns - 1 - (progress.forecast.fraction == nil ? 0 : 5))
    }

    /// The first one that fits, else the last one.
    private func fitting(_ variants: [String], in columns: Int) -> String {
        variants.first { TextWidth.of($0) <= columns } ?? variants[variants.count - 1]
    }

    private func secondLine(_ progress: TransferProgress) -> StyledText {
        var parts = [Units.clock(progress.duration)]
        if progress.reading.total.messages > 0 { parts.append(Units.rows(progress.reading.total.messages)) }
        if let (done, count) = progress.tables {
            parts.append("\(Units.thousands(done)) of \(Units.thousands(count)) tables")
        }
        var line = StyledText(parts.joined(separator: "  "))
        if progress.stage == .waitingForSource, progress.destinations.allSatisfy({ $0.behind == 0 }),
            progress.reading.cycle.bytes == 0
        {
            line.append("  waiting for \(shown(state.source))", .warning)
        } else if columns - line.width > 20 {
            line.append("  from \(shown(state.source))", .dim)
        }
        return line
    }

    /// What it is at behind the last row.
    private func stage(_ progress: TransferProgress) -> String {
        switch progress.stage {
        case .preparing, .copying, .waitingForSource: ""
        case .finishing: "all rows are read"
        case .settling: "last checks"
        case .merging: "inserting and updating"
        case .indexing: "indexes and constraints"
        case .committing(_, let number, let count): "committing \(number) of \(count)"
        }
    }

    // MARK: Streams

    private func streams(_ progress: TransferProgress, room: Int) -> [StyledText] {
        let busy = progress.streams.filter { $0.table != nil }
        // Of one table in one piece all was said.
        guard busy.count > 1 || progress.tables != nil || busy.contains(where: { $0.part != nil }), room > 0 else {
            return []
        }
        let shown = busy.count > room ? Array(busy.prefix(room - 1)) : busy
        let length = min(20, columns / 4)
        let names = shown.map { name($0, in: columns - length - 20) }
        let width = names.map(TextWidth.of).max() ?? 0
        var lines = zip(shown, names).map { stream, name in
            var line = StyledText("  " + TextWidth.padded(name, to: width) + "  ")
            let bytes = Units.bytes(Double(stream.bytes))
            if let size = stream.size, size > 0 {
                // It takes more or less where it flows.
                let fraction = min(0.99, Double(stream.bytes) / Double(size))
                for piece in Sparkline.bar(fraction, columns: length, isUnicode: isUnicode).pieces {
                    line.append(piece.text, piece.style)
                }
                line.append("  ")
            }
            line.append(right(bytes, 10))
            return line
        }
        if shown.count < busy.count { lines.append(StyledText("  and \(busy.count - shown.count) more", .dim)) }
        return lines
    }

    /// A stream's table and part; where there is little room the part tells it from the others.
    private func name(_ stream: StreamProgress, in columns: Int) -> String {
        let table = shown(stream.table ?? "")
        guard let part = stream.part.map({ shown($0) }) else { return TextWidth.fitted(table, to: columns) }
        let left = columns - TextWidth.of(part) - 2
        return TextWidth.fitted(left < 4 ? part : TextWidth.fitted(table, to: left) + ", " + part, to: columns)
    }

    // MARK: Endpoints

    /// The destinations, behind the source where it waits.
    private func endpoints(_ progress: TransferProgress, room: Int) -> [StyledText] {
        guard let wait = state.waits[state.source] else { return destinations(progress, room: room) }
        let label = shown(state.source)
        let destinations = destinations(progress, room: max(1, room - 1))
        let line = lines(
            label, min(TextWidth.of(label), columns * 2 / 5), wait.text, .warning, room - destinations.count)
        return Array((line + destinations).prefix(room))
    }

    private func destinations(_ progress: TransferProgress, room: Int) -> [StyledText] {
        let all = Array(progress.destinations.enumerated())
        // Those that need a look are among those that are shown.
        let order = all.filter { isTroubled($0.element) } + all.filter { !isTroubled($0.element) }
        let chosen = Set(order.prefix(all.count > room ? room - 1 : room).map(\.offset))
        let shown = all.filter { chosen.contains($0.offset) }
        let most = state.rates.joined().max() ?? 0
        let width = min(shown.map { TextWidth.of(self.shown($0.element.label)) }.max() ?? 0, columns * 2 / 5)
        var spare = room - shown.count - (shown.count < all.count ? 1 : 0)
        var lines: [StyledText] = []
        for (place, destination) in shown {
            let rates = state.rates.indices.contains(place) ? state.rates[place] : []
            let own = self.lines(destination, rates, most: most, width, spare + 1, copied: progress.reading.duration)
            spare -= own.count - 1
            lines += own
        }
        if shown.count < all.count { lines.append(StyledText("and \(all.count - shown.count) more", .dim)) }
        return lines
    }

    private func isTroubled(_ destination: DestinationProgress) -> Bool {
        [.failed, .stalled].contains(destination.state) || state.waits[destination.label] != nil
            || state.reconciling[destination.label] != nil
    }

    /// What is said of an endpoint, in two lines where one is too short and there is room.
    private func lines(_ label: String, _ width: Int, _ words: String, _ style: TextStyle, _ room: Int) -> [StyledText]
    {
        let label = TextWidth.padded(TextWidth.fitted(label, to: width), to: width) + "  "
        let words = shown(words)
        let free = columns - 1 - width - 2
        func line(_ begin: String, _ words: String) -> StyledText {
            var line = StyledText(begin)
            line.append(words, style)
            return line
        }
        guard room > 1, TextWidth.of(words) > free else { return [line(label, words)] }
        let wrapped = TextWrap.lines(words, width: max(free, 1))
        return [line(label, wrapped[0]), line("    ", wrapped.dropFirst().joined(separator: " "))]
    }

    private func lines(
        _ destination: DestinationProgress, _ rates: [Double], most: Double, _ width: Int, _ room: Int,
        copied: Duration
    ) -> [StyledText] {
        let (words, style) = words(destination)
        let isCopying = [.copying, .stalled, .finishing].contains(destination.state)
        guard isCopying, state.waits[destination.label] == nil else {
            return lines(shown(destination.label), width, words, style, room)
        }
        let label = TextWidth.fitted(shown(destination.label), to: width)
        var line = StyledText(TextWidth.padded(label, to: width) + "  ")
        // Before the first sample is whole, the mean.
        let mean = copied > .zero ? Double(destination.taken) / copied.seconds : 0
        let rate = Units.rate(rates.last ?? mean)
        let full = right(rate, 12) + "  " + words
        // Room for the rate and for what is said behind it.
        let length = min(24, columns - width - 46)
        if length >= 4 {
            line.append(
                Sparkline.of(rates, most: most, columns: length, isUnicode: isUnicode) + " ",
                destination.state == .stalled ? .warning : .good)
        }
        let short = destination.behind > 0 ? behind(destination) : rate
        line.append(
            fitting([full, destination.state == .copying ? short : words], in: columns - 1 - line.width),
            style)
        return [line]
    }

    private func behind(_ destination: DestinationProgress) -> String {
        "\(Units.bytes(Double(destination.behind))) behind"
    }

    private func words(_ destination: DestinationProgress) -> (String, TextStyle) {
        if destination.state == .failed {
            return ("failed" + (state.faults[destination.label].map { ": " + $0 } ?? ""), .bad)
        }
        if let wait = state.waits[destination.label] { return (wait.text, .warning) }
        if let notice = state.reconciling[destination.label] { return (notice.text, .warning) }
        let behind = destination.behind > 0 ? ", " + behind(destination) : ""
        return switch destination.state {
        case .connecting: ("connecting", .dim)
        case .preparing: ("preparing", .dim)
        case .copying: ("copying" + behind, .plain)
        case .stalled: ("stalled" + behind, .warning)
        case .finishing: ("finishing" + behind, .plain)
        case .complete: ("all rows there", .good)
        case .settling: ("last checks", .plain)
        case .merging: ("inserting and updating", .plain)
        case .indexing: ("indexes and constraints", .plain)
        case .committing: ("committing", .plain)
        case .committed: ("committed", .good)
        case .failed: ("failed", .bad)
        }
    }

    /// What others have written, without what a terminal would obey.
    private func shown(_ text: String) -> String { Echo.printable(RawText.shown(text)) }

    private func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
