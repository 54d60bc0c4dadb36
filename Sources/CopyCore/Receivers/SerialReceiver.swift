// One receiver after the other, as one.

/// Gives the rows of one part after the other to a receiver of its own, which is entered when the one before has confirmed
/// its end.
final class SerialReceiver: PartReceiver {
    let label: String
    private let track: PartTrack
    private let make: (Part) throws -> any Receiver
    /// Those that have been made, the last of which is at work.
    private(set) var receivers: [any Receiver] = []
    /// Where in all the bytes it is.
    private var position = 0

    private enum Phase {
        /// → taking
        case entering
        /// → finishing
        case taking
        /// → entering, done
        case finishing
        /// All have ended. No exit.
        case done
    }
    private var phase = Phase.entering

    /// - Parameter make: what takes a part's rows; called when it is its turn.
    init(label: String, _ track: PartTrack, make: @escaping (Part) throws -> any Receiver) {
        self.label = label
        self.track = track
        self.make = make
    }

    /// The sum of all, where servers are behind them.
    var commandTag: String? {
        guard case .done = phase else { return nil }
        let rows = rows
        return rows.contains { $0 == nil } ? nil : "COPY \(rows.reduce(0) { $0 + ($1 ?? 0) })"
    }
    /// Rows that a server counted, part by part.
    var rows: [Int?] { receivers.map { rowCount(ofTag: $0.commandTag) } }

    var attention: Interest? { if case .taking = phase { receivers.last?.attention } else { nil } }

    func enter(_ layout: RowLayout) throws -> Step { try goOn(until: 0) }

    /// Brings the receiver of a part to where it takes rows; those before it end.
    private func goOn(until number: Int) throws -> Step {
        while true {
            switch phase {
            case .entering:
                if receivers.isEmpty { try begin() }
                guard let current = receivers.last else { throw PgcopyError.notEntered }
                if case .waiting(let interest) = try attributed({
                    try current.enter(track.parts[receivers.count - 1].layout)
                }) {
                    return .waiting(interest)
                }
                phase = .taking
            case .taking:
                if receivers.count > number { return .done }
                phase = .finishing
            case .finishing:
                if case .waiting(let interest) = try attributed({ try receivers.last?.finish() ?? .done }) {
                    return .waiting(interest)
                }
                guard receivers.count < track.parts.count else {
                    phase = .done
                    return .done
                }
                try begin()
                phase = .entering
            case .done: return .done
            }
        }
    }

    private func begin() throws {
        guard receivers.count < track.parts.count else {
            throw PgcopyError(.unexpected, "there are rows behind the last table's")
        }
        let part = track.parts[receivers.count]
        receivers.append(try part.attributed { try make(part) })
    }

    func attend(_ ready: Readiness) throws -> Interest? {
        guard case .taking = phase else { return nil }
        return try attributed { try receivers.last?.attend(ready) }
    }

    func drain(_ bytes: RawSpan) throws -> Drained {
        var taken = 0
        while taken < bytes.byteCount {
            var number = max(0, receivers.count - 1)
            while track.end(of: number) == position { number += 1 }
            if case .waiting(let interest) = try goOn(until: number) { return Drained(taken: taken, blocked: interest) }
            guard let current = receivers.last else { throw PgcopyError.notEntered }
            let left = bytes.byteCount - taken
            let count = min(left, track.end(of: number).map { $0 - position } ?? left)
            let drained = try attributed { try current.drain(bytes.extracting(taken..<taken + count)) }
            taken += drained.taken
            position += drained.taken
            if let blocked = drained.blocked { return Drained(taken: taken, blocked: blocked) }
        }
        return Drained(taken: taken)
    }

    /// Parts without rows are gone through, too.
    func finish() throws -> Step { try goOn(until: .max) }

    /// Which part it was is said where nobody else does.
    private func attributed<R>(_ body: () throws -> R) throws -> R {
        guard !receivers.isEmpty else { return try body() }
        return try track.parts[receivers.count - 1].attributed(body)
    }

    func abort(_ reason: String) throws -> Step { try receivers.last?.abort(reason) ?? .done }
    func abandon() { for receiver in receivers { receiver.abandon() } }
    var unsent: Int? { receivers.last?.unsent }
    var awaitsAnswer: Bool { if case .finishing = phase { true } else { false } }
    func inquire() throws -> Inquiry? { try receivers.last?.inquire() }
}
