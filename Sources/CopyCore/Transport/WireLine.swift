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
    private(set) var error: PQError?
    private(set) var commandTags: [String] = []
    /// Results that are none of a COPY.
    private(set) var strangers = 0
    private(set) var copyDone = false
    private var sawReady = false

    /// The server is ready, and what it sent unasked behind that (notifications) is not cut in the middle:
    /// the socket can go back to libpq.
    var isReady: Bool { sawReady && parser.isAtBoundary }

    /// Where replies are read when no COPY data is expected among them: a server's output buffer.
    private static let replySpace = 8192

    /// Nil where libpq has to speak for itself. The session must be idle.
    init?(_ session: Session) {
        guard let channel = WireChannel(session.connection) else { return nil }
        self.session = session
        self.channel = channel
    }

    var socket: CInt { channel.socket }

    /// The server confirmed a COPY and nothing else.
    var isPlainCopy: Bool { error == nil && strangers == 0 && commandTags.count == 1 }

    // MARK: Out

    /// Queues a message.
    func queue(_ type: UInt8, _ body: [UInt8] = []) {
        outgoing.append(type)
        let length = UInt32(body.count + 4)
        for shift in [24, 16, 8, 0] { outgoing.append(UInt8(truncatingIfNeeded: length >> shift)) }
        outgoing.append(contentsOf: body)
    }

    /// Queues the rest of a frame.
    func queueRaw(_ bytes: [UInt8]) { outgoing.append(contentsOf: bytes) }

    /// Queues a text message, ended by a zero.
    func queue(_ type: UInt8, text: String) { queue(type, Array(text.utf8) + [0]) }

    /// Sends what is queued; what blocks it, nil when all is sent.
    func flush() throws(PQError) -> Interest? {
        while sent < outgoing.count {
            let outcome = unsafe outgoing.withUnsafeBytes { bytes in
                unsafe channel.write(
                    UnsafeRawBufferPointer(rebasing: bytes[sent...]), UnsafeRawBufferPointer(start: nil, count: 0))
            }
            guard case .moved(let count) = outcome else { return try blocked(outcome) }
            sent += count
        }
        outgoing.removeAll(keepingCapacity: true)
        sent = 0
        return nil
    }

    /// Writes a frame's header and data below everything queued.
    @unsafe
    func write(
        _ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer
    ) -> WireChannel.Outcome {
        unsafe channel.write(head, body)
    }

    /// The interest an outcome stands for; a broken stream throws.
    func blocked(_ outcome: WireChannel.Outcome) throws(PQError) -> Interest {
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
    func lost(_ words: String) -> PQError {
        session.wireLost()
        guard let error else { return PQError(message: words, connectionLost: true) }
        return PQError(message: error.message, server: error.server, connectionLost: true)
    }

    // MARK: In

    /// Reads once into the space: COPY data stays there, messages are taken in.
    /// - Returns: what came, and what blocks it when nothing did.
    func read(_ space: inout MutableRawSpan) throws(PQError) -> (Totals, Interest?) {
        let outcome = unsafe space.withUnsafeMutableBytes { unsafe channel.read(into: $0) }
        guard case .moved(let count) = outcome else { return (.zero, try blocked(outcome)) }
        let parsed: CopyStreamParser.Outcome
        do {
            parsed = try parser.parse(&space, received: count)
        } catch {
            throw lost("\(error)")
        }
        for message in parser.takeMessages() { try take(message) }
        return (Totals(messages: parsed.messages, bytes: parsed.payload), nil)
    }

    /// Reads replies that hold no COPY data, as long as there are any and the server is not ready.
    /// - Returns: what blocks it; nil once ready, or once `enough` says so.
    func readReplies(until enough: () -> Bool) throws(PQError) -> Interest? {
        try withReplySpace { space throws(PQError) in
            while !isReady, !enough() {
                let (moved, blocked) = try read(&space)
                if moved.bytes > 0, error == nil, !draining {
                    throw lost("the server sent rows where none were asked for")
                }
                if let blocked { return blocked }
            }
            return nil
        }
    }

    /// Reads once where the first rows may follow the server's consent: they are appended to `rows`.
    func readEarly(into rows: inout [UInt8]) throws(PQError) -> (Totals, Interest?) {
        try withReplySpace { space throws(PQError) in
            let (moved, blocked) = try read(&space)
            for index in 0..<moved.bytes { rows.append(space.bytes.byte(index)) }
            return (moved, blocked)
        }
    }

    /// COPY data on the way is discarded from now on.
    var draining = false

    private func withReplySpace<R>(_ body: (inout MutableRawSpan) throws(PQError) -> R) throws(PQError) -> R {
        var result: Result<R, PQError>?
        unsafe withUnsafeTemporaryAllocation(byteCount: Self.replySpace, alignment: 16) { buffer in
            var span = unsafe buffer.mutableBytes
            do throws(PQError) {
                result = .success(try body(&span))
            } catch {
                result = .failure(error)
            }
        }
        return try result!.get()
    }

    private func take(_ message: BackendMessage) throws(PQError) {
        switch message.kind {
        case .copyIn, .copyOut, .copyBoth:
            if copyResponse == nil { copyResponse = message } else { strangers += 1 }
        case .copyDone: copyDone = true
        case .commandComplete: commandTags.append(try texts(message).first ?? "")
        case .error:
            let said = try serverMessage(message)
            if error == nil { error = PQError(message: said.message, server: said) }
        case .notice: session.deliver(try serverMessage(message))
        case .notification:
            let texts = try texts(message, from: 4)
            guard let pid = message.number, texts.count == 2 else { throw lost("a notification makes no sense") }
            session.deliver(Notification(channel: texts[0], payload: texts[1], pid: pid))
        case .readyForQuery:
            sawReady = true
            session.wireStatus = try status(message)
        case .rowDescription, .dataRow, .emptyQuery: strangers += 1
        case .parameterStatus, .backendKey: break
        }
    }

    private func texts(_ message: BackendMessage, from offset: Int = 0) throws(PQError) -> [String] {
        guard let texts = message.texts(from: offset) else { throw lost("a message of the server has no end") }
        return texts
    }

    private func serverMessage(_ message: BackendMessage) throws(PQError) -> ServerMessage {
        guard let fields = message.fields else { throw lost("an error or notice of the server has no end") }
        func field(_ code: Unicode.Scalar) -> String? { fields[UInt8(ascii: code)] }
        return ServerMessage(
            severity: field("V") ?? field("S") ?? "ERROR", sqlState: field("C") ?? "XX000",
            message: field("M") ?? "", detail: field("D"), hint: field("H"), context: field("W"))
    }

    private func status(_ message: BackendMessage) throws(PQError) -> TransactionStatus {
        switch message.body.first {
        case UInt8(ascii: "I"): return .idle
        case UInt8(ascii: "T"): return .inTransaction
        case UInt8(ascii: "E"): return .inError
        default: throw lost("the server is ready in an unknown state")
        }
    }
}
