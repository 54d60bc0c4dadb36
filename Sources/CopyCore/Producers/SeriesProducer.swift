// Many tables of a server, one COPY behind the other, on one session.

/// Produces what `COPY … TO STDOUT` gives for one part after the other. On the wire statements are sent ahead of the answers
/// to those before them, so that no round trip lies between two tables.
///
/// The session is in a transaction: what fails, or is cancelled, ends all that was sent behind it, too.
final class SeriesProducer: PartProducer, WireCopy {
    let session: Session
    /// What flows.
    let track: PartTrack
    private(set) var totals = Totals.zero

    private let next: () -> Part?
    private let line: WireLine
    private var pace: GatherPace
    private enum State {
        /// → copying
        case idle
        /// → done, broken
        case copying
        /// Everything was given. No exit.
        case done
        /// The stream makes no sense, or is gone. No exit.
        case broken
    }
    private var state = State.idle
    /// There is no part left.
    private var isLast = false
    /// The weight of those that have begun and not ended.
    private var underWay = 0
    /// Of so many parts it was noted what of their messages is no row; so many are yet to be left out.
    private var noted = 0
    private var trailers = 0

    private let ahead: () -> Int
    /// A table's statement and its answers, however few rows it has.
    private static let leastSize = 1 << 10

    /// Nil where libpq has to speak for itself. The session must be idle, and in a transaction.
    /// - Parameters:
    ///   - ahead: how much is asked for ahead, in bytes of tables and of statements: what is on its way over a long line.
    ///   - next: the next part to copy; nil: there is none left.
    init?(_ session: Session, _ track: PartTrack, ahead: @escaping () -> Int, next: @escaping () -> Part?) {
        guard let line = WireLine(session, isSeries: true) else { return nil }
        self.session = session
        self.track = track
        self.ahead = ahead
        self.next = next
        self.line = line
        pace = GatherPace(capacity: line.isUnix ? WireCopyOut.unixCapacity : nil)
    }

    var label: String { session.label }
    var layout: RowLayout { track.parts.first?.layout ?? .text }

    /// Sends the first statements; that the server takes them shows with the first rows.
    func enter() throws -> Step {
        guard case .idle = state else { throw PgcopyError.alreadyUsed }
        state = .copying
        try guarding { try ask() }
        return .done
    }

    private static func weight(of part: Part) -> Int { max(part.size, leastSize) + part.out.utf8.count }

    /// Sends statements ahead, as far as the socket takes them.
    private func ask() throws {
        while !isLast, underWay < ahead() || track.parts.count == track.ends.count {
            guard let part = next() else {
                isLast = true
                track.complete()
                break
            }
            track.begin(part)
            try line.sendNext(part.out)
            underWay += Self.weight(of: part)
        }
        _ = try line.flush()
    }

    func fill(_ space: inout MutableRawSpan) throws -> Filled {
        guard case .copying = state else { throw PgcopyError.notEntered }
        return try guarding {
            if line.hasUnsent { _ = try line.flush() }
            var moved = Totals.zero
            var isOver = false
            while !isOver, line.error == nil, !isDone {
                var rest = space._mutatingExtracting(moved.bytes..<space.byteCount)
                noteTrailers()
                var (more, blocked) = try line.read(&rest)
                let ends = line.takeEnds()
                for end in ends {
                    let number = track.ends.count
                    guard number < track.parts.count else { throw line.lost("the server ended a COPY that was none") }
                    underWay -= Self.weight(of: track.parts[number])
                    track.end(at: totals.bytes + moved.bytes + end.payload)
                    noteTrailers()
                }
                let leftOut = min(trailers, more.messages)
                more.messages -= leftOut
                trailers -= leftOut
                moved += more
                pace.gave(more.bytes)
                if !ends.isEmpty { try ask() }
                if let blocked, !isDone {
                    var blocked = waiting(blocked)
                    blocked.gathers = pace.emptied()
                    guard moved.bytes > 0 else { return .blocked(blocked) }
                    totals += moved
                    return .moved(moved, blocked: blocked)
                }
                // Less is left than a server sends at once: the rest is for the next cycle.
                isOver = moved.bytes > 0 && space.byteCount - moved.bytes < 8192
            }
            totals += moved
            if moved.bytes > 0 { return .moved(moved) }
            return try end(moved)
        }
    }

    /// Each of these messages is given, however few rows a part has.
    private func noteTrailers() {
        while noted <= track.ends.count, noted < track.parts.count {
            trailers += track.parts[noted].messagesWithoutRow
            noted += 1
        }
    }

    /// Statements wait to be sent, too.
    private func waiting(_ interest: Interest) -> Interest {
        line.hasUnsent && interest.events == .read ? Interest(line.socket, [.read, .write]) : interest
    }

    private var isDone: Bool { isLast && line.isReady }

    /// No more rows: the end counts only when the server says that each COPY completed.
    private func end(_ moved: Totals) throws -> Filled {
        if let error = line.error { throw attributed(error) }
        guard isDone else { return .blocked(waiting(Interest(line.socket, .read))) }
        guard line.tags.count == track.parts.count, track.ends.count == track.parts.count else { throw line.oddEnd }
        line.release()
        state = .done
        return .ended(moved)
    }

    private func attributed(_ error: PgcopyError) -> PgcopyError {
        let number = line.tags.count
        return number < track.parts.count ? error.about(track.parts[number]) : error
    }

    /// Rows that the server counted, part by part.
    var rows: [Int?] { line.tags.map { rowCount(ofTag: $0) } }

    func realign() throws -> Step {
        switch state {
        case .idle, .broken: return .done
        case .copying, .done: break
        }
        guard session.connection.isUsable else { return .done }
        return try guarding {
            let step = try line.realign(saying: "no data is to be copied", cancelling: true)
            guard step == .done else { return step }
            state = .done
            // That it was cancelled is what was asked for; an error before that was thrown before.
            if let error = line.error, error.server?.sqlState != "57014", line.realignment?.hadFailed == false {
                throw attributed(error)
            }
            return .done
        }
    }

    func noteLoss(_ error: PgcopyError) { state = .broken }

    func abandon() { session.close() }
    func inquire() throws -> Inquiry? { try session.inquire?() }
}

extension Part {
    /// Does something for it; what fails says which part it was, where nobody else does.
    func attributed<R>(_ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch let error as PgcopyError {
            throw error.about(self)
        }
    }
}

extension PgcopyError {
    /// The same, saying which part it was where the server does not.
    func about(_ part: Part) -> PgcopyError {
        guard !message.contains(part.label) else { return self }
        if var server {
            // COPY FROM names the table itself, but not its schema.
            let table = part.label.split(separator: ".").last ?? ""
            if server.context?.contains("COPY \(table),") ?? false { return self }
            server.context = [server.context, "table \(part.label)"].compactMap { $0 }.joined(separator: "\n")
            return PgcopyError(
                code, message, hint: hint, endpoint: endpoint, server: server, causes: causes, detail: detail)
        }
        return PgcopyError(
            code, "\(part.label): \(message)", hint: hint, endpoint: endpoint, server: server, causes: causes,
            detail: detail)
    }
}

extension TransportChoice {
    /// What gives one part after the other on a session; rows are told part by part.
    func producer(
        _ session: Session, _ track: PartTrack, ahead: @escaping () -> Int, next: @escaping () -> Part?
    ) -> any PartProducer {
        if case .wire = self, let series = SeriesProducer(session, track, ahead: ahead, next: next) { return series }
        return SerialProducer(label: session.label, track, next: next) {
            StatementProducer(session, $0.out, layout: $0.layout, transport: .libpq)
        }
    }
}
