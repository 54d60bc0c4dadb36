// The way back to the server's ReadyForQuery, from wherever a statement stands.

extension WireLine {
    /// How the way back has gone so far.
    struct Realignment {
        /// What a COPY FROM STDIN that still wants data is failed with.
        let reason: String
        /// A COPY TO STDOUT, or a statement that has not become a COPY, is cancelled when its rest is not there at once.
        let cancelling: Bool
        /// The statement had failed before: its error is known.
        let hadFailed: Bool
        var grace: RestGrace
        /// Under way.
        var request: CancelRequest?
    }

    /// Replies read before others have their turn.
    private static let slice = 16

    /// Fails a COPY that wants data, cancels what else runs, and reads to the end. Called until done.
    /// - Throws: only when the connection is lost.
    func realign(saying reason: String, cancelling: Bool) throws(PgcopyError) -> Step {
        if realignment == nil {
            realignment = Realignment(
                reason: copyFailReason(reason), cancelling: cancelling, hadFailed: error != nil,
                grace: RestGrace(at: session.poller.now))
            if wantsData { failCopy() }
        }
        while true {
            if let lead = realignment?.request?.lead(at: session.poller.now) { return .waiting(lead) }
            if realignment?.request?.isDone ?? false {
                realignment?.request = nil
                realignment?.grace.renew(at: session.poller.now)
            }
            let unsent = try flush()
            if isReady {
                // A frame once begun is sent to its end: the next statement must not be taken for a part of it.
                guard let unsent else { break }
                return .waiting(Interest(socket, unsent.events == .read ? .read : .write))
            }
            let before = reads
            // A COPY that wants data may begin only now: its failing is queued then, and is to be sent.
            let quiet = try readReplies(atMost: Self.slice) { unsent == nil && self.hasUnsent }
            guard !isReady else { continue }
            if quiet != nil || reads - before >= Self.slice {
                let now = session.poller.now
                let grace = unsent == nil ? grace : nil
                if let grace, grace.isOver(at: now), requestCancel() { continue }
                guard let quiet else {
                    // A deadline has its look at the clock as well. What TLS holds makes no socket ready.
                    return .waiting(Interest(socket, .read, alarm: now))
                }
                return .waiting(unsent ?? grace?.watching(quiet, at: now) ?? quiet)
            }
        }
        if let request = realignment?.request, !request.isDone { return .waiting(request.interest) }
        release()
        return .done
    }

    /// Fails the COPY FROM STDIN that wants data.
    func failCopy() {
        queue(UInt8(ascii: "f"), text: realignment?.reason ?? "")
        wantsData = false
    }

    /// Where a request may still have to be sent.
    private var grace: RestGrace? {
        guard let now = realignment, now.cancelling, now.request == nil, error == nil else { return nil }
        return now.grace
    }

    /// True when a request is under way now.
    private func requestCancel() -> Bool {
        realignment?.request = CancelRequest(session.connection, at: session.poller.now)
        return realignment?.request != nil
    }
}

/// A reason as CopyFail can carry it: servers close the connection over a message of more than 10000 bytes.
func copyFailReason(_ text: String) -> String {
    /// A log line, not a dump.
    let limit = 2000
    var reason = ""
    var size = 0
    for scalar in text.unicodeScalars {
        size += scalar.utf8.count
        guard scalar != "\0", size <= limit else { break }
        reason.unicodeScalars.append(scalar)
    }
    return reason
}
