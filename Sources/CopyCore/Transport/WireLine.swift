// A session's connection taken over for one COPY: messages go out and come in below libpq.

internal import Glibc

/// Speaks the v3 protocol on a session's channel, from one Query to its ReadyForQuery.
final class WireLine {
    let session: Session
    private let channel: WireChannel
    private(set) var parser = CopyStreamParser()

    /// Messages queued and how much of them is sent; small: data never goes through here.
    private var outgoing: [UInt8] = []
    private var sent = 0

    /// What the server has said of the statement so far.
    private(set) var copyResponse: BackendMessage?
    private(set) var error: PgcopyError?
    private(set) var commandTags: [String] = []
    /// Results that are none of a COPY.
    private(set) var strangers = 0
    private(set) var copyDone = false
    /// Statements are sent without waiting for the answers of those before them, which come in their order.
    private let isSeries: Bool
    /// Statements that were sent, and how many of them the server is done with.
    private(set) var statements = 0
    private(set) var answers = 0
    /// Of a series: what each statement that the server is done with was confirmed with.
    private(set) var tags: [String] = []
    /// The server waits for COPY data, as far as it has said.
    var wantsData = false
    /// The connection is on its way back: COPY data is discarded.
    var realignment: Realignment?
    /// How often the channel gave something.
    private(set) var reads = 0
    private var readySeen: Bool { statements > 0 && answers == statements }
    /// Where the server's last word left the transaction.
    private var lastStatus = TransactionStatus.active

    /// The server is ready for the next statement, and nothing it sent after that is cut in the middle:
    /// libpq could not go on from there.
    var isReady: Bool { readySeen && parser.isAtBoundary }

    /// Where replies are read when no COPY data is expected among them: a server's output buffer.
    private static let replySpace = 8192
    private let replies = RingMemory(capacity: replySpace)

    /// Nil where libpq has to speak for itself. The session must be idle.
    /// - Parameter isSeries: `sendNext` follows; in a transaction, so that nothing is done behind what failed.
    init?(_ session: Session, isSeries: Bool = false) {
        guard let channel = WireChannel(session.connection) else { return nil }
        self.session = session
        self.isSeries = isSeries
        self.channel = channel
    }

    var socket: CInt { channel.socket }
    var isUnix: Bool { channel.isUnix }

    /// The server confirmed a COPY and nothing else.
    var isPlainCopy: Bool { error == nil && strangers == 0 && commandTags.count == 1 }

    /// What is wrong with an end that is none of a plain COPY.
    var oddEnd: PgcopyError {
        PgcopyError(
            .unexpected,
            strangers > 0 || commandTags.count > 1
                ? "more than one statement in a COPY" : "the server ended the COPY without saying that it completed")
    }

    // MARK: Out

    /// Queues a message.
    func queue(_ type: UInt8, _ body: [UInt8] = []) {
        outgoing.append(type)
        let length = UInt32(body.count + 4)
        for shift in [24, 16, 8, 0] { outgoing.append(UInt8(truncatingIfNeeded: length >> shift)) }
        outgoing.append(contentsOf: body)
    }

    /// Queues a statement. Until its ReadyForQuery libpq must not send another.
    func send(_ sql: String) throws(PgcopyError) {
        try session.requireIdle()
        try session.announce(sql)
        queue(UInt8(ascii: "Q"), text: sql)
        statements += 1
        session.wireStatus = .active
    }

    /// Queues another statement of a series. Where the one before takes COPY data, its end is to be queued already.
    func sendNext(_ sql: String) throws(PgcopyError) {
        guard statements > 0 else { return try send(sql) }
        try requireOpen()
        session.onStatement?(session, sql)
        queue(UInt8(ascii: "Q"), text: sql)
        statements += 1
    }

    /// How much is queued and not yet sent.
    var unsentCount: Int { outgoing.count - sent }

    /// Where COPYs have ended since this was asked last: what was read before each end since then.
    func takeEnds() -> [CopyStreamParser.Outcome] { parser.takeEnds() }

    /// Queues the rest of a frame.
    func queueRaw(_ bytes: [UInt8]) { outgoing.append(contentsOf: bytes) }

    /// Queues a text message, ended by a zero.
    func queue(_ type: UInt8, text: String) { queue(type, RawText.bytes(of: text) + [0]) }

    /// The copy is over for its user too: from now on the session does other work.
    func release() { if session.wireStatus == .active { session.wireStatus = lastStatus } }

    /// Queues the end of COPY data.
    func finishCopy() {
        queue(UInt8(ascii: "c"))
        wantsData = false
    }

    /// Whether something queued is still to be sent.
    var hasUnsent: Bool { sent < outgoing.count }

    /// A session that its user closed has no channel any more.
    private func requireOpen() throws(PgcopyError) {
        guard session.connection.isUsable else { throw lost("the connection was closed") }
    }

    /// Sends what is queued; what blocks it, nil when all is sent.
    func flush() throws(PgcopyError) -> Interest? {
        try requireOpen()
        while sent < outgoing.count {
            let outcome = unsafe outgoing.withUnsafeBytes { bytes in
                unsafe channel.write(
                    UnsafeRawBufferPointer(rebasing: bytes[sent...]), UnsafeRawBufferPointer(start: nil, count: 0))
            }
            guard case .moved(let count) = outcome else {
                // A socket that takes nothing any more may still hold why.
                if case .failed = outcome { _ = try? readReplies(atMost: 4) { error != nil } }
                return try blocked(outcome)
            }
            sent += count
        }
        outgoing.removeAll(keepingCapacity: true)
        sent = 0
        return nil
    }

    /// Has the system hold that much of what is written, where it must be told.
    func enlargeSendBuffer(to bytes: CInt) { channel.enlargeSendBuffer(to: bytes) }

    /// Writes a frame's header and data below everything queued.
    @unsafe
    func write(
        _ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer
    ) throws(PgcopyError) -> WireChannel.Outcome {
        try requireOpen()
        return unsafe channel.write(head, body)
    }

    /// The interest an outcome stands for; a broken stream throws.
    func blocked(_ outcome: WireChannel.Outcome) throws(PgcopyError) -> Interest {
        switch outcome {
        case .moved, .wantsRead: return Interest(socket, .read)
        case .wantsWrite: return Interest(socket, [.read, .write])
        case .closed:
            let cut = parser.isAtBoundary ? "" : " in the middle of a message"
            throw lost("server closed the connection unexpectedly\(cut)")
        case .failed(let words): throw lost(words)
        }
    }

    /// The connection is gone. What the server said before that is the better reason.
    func lost(_ words: String) -> PgcopyError {
        session.wireLost()
        guard let error else { return PgcopyError(.connectionLost, words) }
        return error.losingConnection()
    }

    // MARK: In

    /// Reads once into the space: COPY data stays there, messages are taken in.
    /// - Returns: what came, and what blocks it when nothing did, or when that was surely all there was.
    func read(_ space: inout MutableRawSpan) throws(PgcopyError) -> (Totals, Interest?) {
        try requireOpen()
        let outcome = unsafe space.withUnsafeMutableBytes { unsafe channel.read(into: $0) }
        guard case .moved(let count) = outcome else { return (.zero, try blocked(outcome)) }
        reads += 1
        let parsed: CopyStreamParser.Outcome
        do {
            parsed = try parser.parse(&space, received: count)
        } catch {
            throw lost("\(error)")
        }
        for message in parser.takeMessages() { try take(message) }
        // A socket that gave less than was asked for is empty; a TLS record says nothing of the next.
        let isEmpty = count < space.byteCount && !channel.usesTLS && !isReady
        return (
            Totals(messages: parsed.messages, bytes: parsed.payload), isEmpty ? Interest(socket, .read) : nil
        )
    }

    /// Reads replies that hold no COPY data, as long as there are any and the server is not ready.
    /// - Returns: what blocks it; nil once ready, once `enough` says so, or after so many reads.
    func readReplies(atMost limit: Int = .max, until enough: () -> Bool) throws(PgcopyError) -> Interest? {
        try replies.write(0..<Self.replySpace) { space throws(PgcopyError) in
            let last = reads.addingReportingOverflow(limit)
            while !isReady, !enough(), last.overflow || reads < last.partialValue {
                let (moved, blocked) = try read(&space)
                if moved.bytes > 0, error == nil, realignment == nil {
                    throw lost("the server sent rows where none were asked for")
                }
                if let blocked, !isReady, !enough() { return blocked }
            }
            return nil
        }
    }

    /// Reads once where the first rows may follow the server's consent: they are appended to `rows`.
    func readEarly(into rows: inout [UInt8]) throws(PgcopyError) -> (Totals, Interest?) {
        try replies.write(0..<Self.replySpace) { space throws(PgcopyError) in
            let (moved, blocked) = try read(&space)
            unsafe space.bytes.extracting(0..<moved.bytes).withUnsafeBytes { unsafe rows.append(contentsOf: $0) }
            return (moved, blocked)
        }
    }

    private func take(_ message: BackendMessage) throws(PgcopyError) {
        switch message.kind {
        case .copyIn, .copyOut, .copyBoth:
            if copyResponse == nil { copyResponse = message } else { strangers += 1 }
            // Of a series the end of the data may be queued already.
            if isSeries { break }
            wantsData = message.kind != .copyOut
            if wantsData, realignment != nil { failCopy() }
        case .copyDone: copyDone = true
        case .commandComplete: commandTags.append(try texts(message).first ?? "")
        case .error:
            let said = try serverMessage(message)
            // After FATAL, and after its last word on the statement, the server only goes away.
            let fatal = said.severity == "FATAL" || said.severity == "PANIC"
            if fatal || readySeen { session.wireLost(said) }
            // Between two statements of a series it is the series' error, too.
            if error == nil, !readySeen || isSeries {
                error = PgcopyError(said, connectionLost: fatal)
            }
        case .notice: session.deliver(try serverMessage(message))
        case .notification:
            let texts = try texts(message, from: 4)
            guard let pid = message.number, texts.count == 2 else { throw lost("a notification makes no sense") }
            session.deliver(Notification(channel: texts[0], payload: texts[1], pid: pid))
        case .readyForQuery:
            answers += 1
            lastStatus = try status(message)
            if isSeries { endStatement() }
        case .rowDescription, .dataRow, .emptyQuery: strangers += 1
        case .parameterStatus, .backendKey: break
        }
    }

    /// The server is done with a statement of a series: what is said from here on is about the next one.
    private func endStatement() {
        if error == nil {
            if isPlainCopy { tags.append(commandTags[0]) } else { error = oddEnd }
        }
        copyResponse = nil
        commandTags = []
        strangers = 0
        copyDone = false
    }

    private func texts(_ message: BackendMessage, from offset: Int = 0) throws(PgcopyError) -> [String] {
        guard let texts = message.texts(from: offset) else { throw lost("a message of the server has no end") }
        return texts
    }

    private func serverMessage(_ message: BackendMessage) throws(PgcopyError) -> ServerMessage {
        guard let fields = message.fields else { throw lost("an error or notice of the server has no end") }
        func field(_ code: Unicode.Scalar) -> String? { fields[UInt8(ascii: code)] }
        return ServerMessage(
            severity: field("V") ?? field("S") ?? "ERROR", sqlState: field("C") ?? "XX000",
            message: field("M") ?? "", detail: field("D"), hint: field("H"), context: field("W"))
    }

    private func status(_ message: BackendMessage) throws(PgcopyError) -> TransactionStatus {
        switch message.body.first {
        case UInt8(ascii: "I"): return .idle
        case UInt8(ascii: "T"): return .inTransaction
        case UInt8(ascii: "E"): return .inError
        default: throw lost("the server is ready in an unknown state")
        }
    }
}
