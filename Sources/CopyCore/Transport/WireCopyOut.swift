// COPY TO STDOUT on the wire itself.

/// Reads COPY data straight into the ring; row headers are taken out there.
public final class WireCopyOut: CopyOutTransport, WireCopy {
    private enum State {
        /// → sent
        case idle
        /// The statement is under way. → copying, ready
        case sent
        /// Rows come. → ready
        case copying
        /// The server is ready for the next statement. No exit.
        case ready
        /// The stream makes no sense, or is gone. No exit.
        case broken
    }

    private let line: WireLine
    private var state = State.idle
    /// Rows that came together with the server's consent.
    private var early: [UInt8] = []
    private var earlyMessages = 0
    private var pace: GatherPace

    /// What a Unix socket holds of a server that sends 8 KiB at a time is 170 KB, where its buffer is Linux's 208 KiB.
    static let unixCapacity = 1 << 17

    /// Nil where libpq has to speak for itself. The session must be idle.
    public init?(_ session: Session) {
        guard let line = WireLine(session) else { return nil }
        self.line = line
        pace = GatherPace(capacity: line.isUnix ? Self.unixCapacity : nil)
    }

    /// The server sends the binary format.
    public var isBinary: Bool { line.copyResponse?.body.first == 1 }

    /// As `COPY 10`.
    public var commandTag: String? { line.isReady && line.isPlainCopy ? line.commandTags[0] : nil }

    /// Sends the statement and awaits the server's consent.
    public func begin(_ sql: String) throws -> Step {
        if case .idle = state {
            try CopyCheck.require(.to, sql, line.session)
            try line.send(sql)
            state = .sent
        }
        guard case .sent = state else { throw PgcopyError.alreadyUsed }
        return try guarding {
            if let blocked = try line.flush() { return .waiting(blocked) }
            while line.copyResponse == nil, line.error == nil, !line.isReady {
                let (moved, blocked) = try line.readEarly(into: &early)
                earlyMessages += moved.messages
                if let blocked, line.copyResponse == nil, line.error == nil { return .waiting(blocked) }
            }
            if line.isReady { state = .ready }
            // Rows may have come together with an error: they are given first.
            if let error = line.error, line.copyResponse == nil { throw error }
            guard line.copyResponse?.kind == .copyOut, line.strangers == 0 else {
                throw PgcopyError(.usage, "not a COPY … TO STDOUT: \(sql)")
            }
            if !line.isReady { state = .copying }
            return .done
        }
    }

    /// Reads what is there, as long as the space has room for a good part of what a socket holds.
    public func read(into space: inout MutableRawSpan) throws -> Filled {
        if !early.isEmpty { return .moved(giveEarly(&space)) }
        return try guarding {
            var moved = Totals.zero
            while case .copying = state, line.error == nil {
                var rest = space._mutatingExtracting(moved.bytes..<space.byteCount)
                let (more, blocked) = try line.read(&rest)
                moved += more
                pace.gave(more.bytes)
                if line.isReady { state = .ready }
                if line.error != nil { break }
                if var blocked {
                    blocked.gathers = pace.emptied()
                    guard moved.bytes > 0 else { return .blocked(blocked) }
                    return .moved(moved, blocked: blocked)
                }
                // Less is left than a server sends at once: the rest is for the next cycle. But what held no
                // rows is not the end of it: TLS may hold more that makes no socket readable.
                if moved.bytes > 0, space.byteCount - moved.bytes < 8192 { break }
            }
            if moved.bytes > 0 { return .moved(moved) }
            return try end()
        }
    }

    private func giveEarly(_ space: inout MutableRawSpan) -> Totals {
        let count = min(early.count, space.byteCount)
        for index in 0..<count { space.storeBytes(of: early[index], toByteOffset: index, as: UInt8.self) }
        early.removeFirst(count)
        // Rows are counted when the last byte of the lot is given.
        guard early.isEmpty else { return Totals(bytes: count) }
        defer { earlyMessages = 0 }
        return Totals(messages: earlyMessages, bytes: count)
    }

    /// No more rows: the end counts only when the server says that it completed.
    private func end() throws -> Filled {
        if let error = line.error { throw error }
        guard case .ready = state else { return .blocked(Interest(line.socket, .read)) }
        guard line.isPlainCopy, line.copyDone else { throw line.oddEnd }
        line.release()
        return .ended(.zero)
    }

    /// Cancels what still runs and drains it.
    public func cancel() throws -> Step {
        switch state {
        case .idle, .broken: return .done
        case .ready, .sent, .copying: early = []
        }
        guard line.session.connection.isUsable else { return .done }
        return try guarding {
            let step = try line.realign(saying: "no data is to be copied", cancelling: true)
            if line.isReady { state = .ready }
            guard step == .done else { return step }
            // That it was cancelled is what was asked for; an error before that was thrown before.
            if let error = line.error, error.server?.sqlState != "57014", line.realignment?.hadFailed == false {
                throw error
            }
            return .done
        }
    }

    func noteLoss(_ error: PgcopyError) { state = .broken }

    /// Closes the connection.
    public func abandon() { line.session.close() }
}
