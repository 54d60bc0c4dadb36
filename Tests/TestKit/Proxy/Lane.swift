// Role: one direction of a proxied connection: bytes come, triggers are looked for, bytes go on.

import Glibc

/// A direction at work. Used under the proxy's lock only.
final class Lane {
    /// How the connection ends, once what is in the queue has gone.
    enum Ending {
        case reset, close, halfClose
    }

    let direction: Direction
    var framer: Framer
    var queue = SendQueue()
    /// Bytes forwarded of the stream as it came: injected ones do not count.
    private(set) var position = 0
    /// Where the first CopyData message began.
    private var copyStart: Int?
    /// Read, not yet examined.
    private var backlog: [UInt8] = []
    private var taken = 0
    /// Where a message was last looked at as a whole, so that each is looked at once.
    private var examined = -1

    private var isStalled = false
    private var stallEnd: Deadline?
    private var swallows = false
    private var flipMask: UInt8?
    private var truncation: Int?
    private var injection: [UInt8] = []
    private var replacements: [[UInt8]] = []
    /// A message is waited for as a whole.
    private var isHolding = false
    /// The source has sent its FIN.
    var sourceHasEnded = false
    /// Nothing more will go this way.
    var isOver = false
    private(set) var ending: Ending?
    private var endingLimit: Deadline?

    init(_ direction: Direction) {
        self.direction = direction
        framer = Framer(direction == .toServer ? .startup : .messages)
    }

    // MARK: What the connection asks

    /// Whether to read from the source.
    ///
    /// Little is kept here, so that the sender feels it when the receiver is slow; bytes under way over a
    /// long line (a delay) do not count as kept.
    func wantsInput(_ state: ProxyState) -> Bool {
        guard !sourceHasEnded, ending == nil, !isStalled else { return false }
        let limit = state.delays[direction] == nil ? 65_536 : 4_000_000
        return backlog.count - taken < (isHolding ? 2_000_000 : 65_536) && queue.count < limit
    }

    /// Whether all that came has gone on, and no more will come.
    var isDrained: Bool { sourceHasEnded && !isStalled && backlog.count == taken && queue.count == 0 }

    /// What to wait for besides the source: room in the target's socket, a moment. Both judged by the one
    /// `now`: bytes that become due between two looks at the clock would be waited for by neither.
    func waiting(at now: Deadline) -> (forRoom: Bool, until: Deadline?) {
        let queued = queue.nextMoment
        let isDue = queued.map { $0 <= now } ?? false
        if endingLimit != nil { return (isDue, now + .milliseconds(1)) }
        return (isDue, [isDue ? nil : queued, isStalled ? stallEnd : nil].compactMap { $0 }.min())
    }

    /// The ending, once everything before it has been delivered to `descriptor`'s peer (or the peer took
    /// nothing for half a second).
    func dueEnding(_ descriptor: Int32) -> Ending? {
        guard let ending, queue.count == 0 else { return nil }
        var unsent: Int32 = 0
        if ending == .reset, ioctl(descriptor, UInt(TIOCOUTQ), &unsent) == 0, unsent > 0 {
            let limit = endingLimit ?? .after(.milliseconds(500))
            endingLimit = limit
            guard limit.hasPassed else { return nil }
        }
        return ending
    }

    // MARK: What happens to it

    /// Bytes came from the source.
    func receive(_ bytes: [UInt8]) {
        guard !swallows else { return }
        backlog.removeSubrange(..<taken)
        taken = 0
        backlog += bytes
    }

    /// Ends a stall.
    func resume() {
        isStalled = false
        stallEnd = nil
    }

    /// Ends so, after what is in the queue.
    func end(_ how: Ending) { if ending == nil { ending = how } }

    /// The end of `halfClose` has been told; what still comes is dropped.
    func swallowRest() {
        swallows = true
        ending = nil
        backlog = []
        taken = 0
    }

    /// The other side takes nothing any more.
    func breakOff() {
        swallowRest()
        queue.removeAll()
        isOver = true
    }

    /// A fault happens here and now.
    func apply(_ fault: Fault, _ connection: ProxyConnection, _ state: inout ProxyState) {
        switch fault {
        case .stall(let duration):
            isStalled = true
            stallEnd = duration.map { .after($0) }
        case .slow(let bytesPerSecond): queue.rate = bytesPerSecond
        case .reset: end(.reset)
        case .close: end(.close)
        case .halfClose: end(.halfClose)
        case .swallow: swallowRest()
        case .truncate(let count): truncation = position + count
        case .flip(let mask): flipMask = mask
        case .inject(let bytes):
            injection += bytes
            if framer.isAtBoundary { insertInjection(connection, &state) }
        case .replace(let bytes): replacements.append(bytes)
        }
    }

    // MARK: The way of the bytes

    /// Forwards what may go on, stopping where a fault says so.
    func process(_ connection: ProxyConnection, _ state: inout ProxyState) {
        if isStalled, let stallEnd, stallEnd.hasPassed { resume() }
        isHolding = false
        while canProceed(connection) {
            if framer.phase == .startup {
                guard connection.readStartup(self, backlog[taken...], &state) else {
                    isHolding = true
                    break
                }
            }
            fireTriggers(connection, &state)
            guard canProceed(connection) else { return }
            insertInjection(connection, &state)
            if !replacements.isEmpty, framer.isAtBoundary {
                guard replaceMessage(connection, &state) else { break }
                continue
            }
            let stretch = passable(connection, &state)
            guard stretch > 0 else { break }
            forward(stretch, connection, &state)
        }
        // An offset may be reached exactly where the bytes that came so far end.
        if ending == nil, !isStalled { fireTriggers(connection, &state) }
        if ending == nil, !isStalled { insertInjection(connection, &state) }
        if sourceHasEnded, isHolding { (backlog, taken) = ([], 0) }
    }

    private func canProceed(_ connection: ProxyConnection) -> Bool {
        taken < backlog.count && !connection.isEnding && ending == nil && !isStalled && !swallows
    }

    /// How many bytes go on before something must be looked at again; 0 when more must come first.
    private func passable(_ connection: ProxyConnection, _ state: inout ProxyState) -> Int {
        if framer.phase == .encryptionAnswer {
            guard direction == .toClient else {
                isHolding = true
                return 0
            }
            return 1
        }
        var limit = backlog.count - taken
        if framer.isAtBoundary, direction == .toServer,
            [UInt8(ascii: "Q"), UInt8(ascii: "P")].contains(backlog[taken]),
            examined != position
        {
            let length = framer.wholeLength(backlog[taken...])
            guard let length, length <= limit || length > 1_000_000 else {
                isHolding = true
                return 0
            }
            examined = position
            connection.examineStatement(backlog[taken..<min(taken + length, backlog.count)], &state)
            guard canProceed(connection) else { return 0 }
        }
        for armed in state.armed where armed.watched == direction && connection.mayHave(armed) {
            if let offset = offset(of: armed.trigger), offset > position { limit = min(limit, offset - position) }
        }
        if let truncation, truncation > position { limit = min(limit, truncation - position) }
        return limit
    }

    private func forward(_ limit: Int, _ connection: ProxyConnection, _ state: inout ProxyState) {
        let looksAtEach = !injection.isEmpty || !replacements.isEmpty || copyStart == nil || connection.awaitsAnswer
        let counts = state.armed.compactMap { if case .copyMessages(let count) = $0.trigger { count } else { nil } }
        let last = counts.filter { $0 > framer.copyMessages }.min() ?? .max
        let before = framer
        let phase = framer.phase
        let count = backlog.withUnsafeBufferPointer { buffer in
            framer.advance(
                .init(rebasing: buffer[taken..<taken + limit]), stopAtBoundary: looksAtEach, lastMessage: last)
        }
        var bytes = Array(backlog[taken..<taken + count])
        if let mask = flipMask {
            bytes[0] ^= mask
            flipMask = nil
        }
        taken += count
        position += count
        state.counters[direction].copyMessages += framer.copyMessages - before.copyMessages
        if direction == .toServer { state.counters.syncs += framer.syncs - before.syncs }
        if copyStart != nil { state.counters[direction].copyBytes += count }
        send(bytes, connection, &state)
        if phase == .encryptionAnswer { connection.encryptionAnswered(bytes[0], &state) }
    }

    private func insertInjection(_ connection: ProxyConnection, _ state: inout ProxyState) {
        guard !injection.isEmpty, framer.isAtBoundary else { return }
        send(injection, connection, &state)
        injection = []
    }

    /// False until the message is there as a whole.
    private func replaceMessage(_ connection: ProxyConnection, _ state: inout ProxyState) -> Bool {
        guard let length = framer.wholeLength(backlog[taken...]), length <= backlog.count - taken else {
            isHolding = true
            return false
        }
        // What is replaced was no part of a stream's CopyData: the framer need not see it.
        taken += length
        position += length
        send(replacements.removeFirst(), connection, &state)
        return true
    }

    private func send(_ bytes: [UInt8], _ connection: ProxyConnection, _ state: inout ProxyState) {
        state.counters[direction].bytes += bytes.count
        connection.noteTurn(direction, &state)
        queue.append(bytes, due: .after(state.delays[direction] ?? .zero))
    }

    // MARK: Triggers

    private func offset(of trigger: Trigger) -> Int? {
        switch trigger {
        case .bytes(let count): count
        case .copyBytes(let count): copyStart.map { $0 + count }
        case .now, .copyMessages, .beforeQuery, .answer: nil
        }
    }

    /// Lets every fault happen whose moment is here.
    private func fireTriggers(_ connection: ProxyConnection, _ state: inout ProxyState) {
        let next = framer.isAtBoundary && taken < backlog.count ? backlog[taken] : nil
        if next == .copyData, copyStart == nil { copyStart = position }
        if let truncation, position >= truncation { end(.close) }
        for armed in state.armed where armed.watched == direction && connection.mayHave(armed) {
            let isDue =
                switch armed.trigger {
                case .now: true
                case .bytes, .copyBytes: offset(of: armed.trigger).map { position >= $0 } ?? false
                case .copyMessages(let count):
                    framer.copyMessages >= count && framer.isAtBoundary && (count > 0 || next == .copyData)
                case .beforeQuery: false
                case .answer: connection.isAnswer(next, of: armed)
                }
            if isDue { connection.fire(armed, &state) }
            if ending != nil || isStalled || swallows { return }
        }
    }
}
