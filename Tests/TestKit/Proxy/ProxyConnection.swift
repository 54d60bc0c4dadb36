// Role: one client's connection through the proxy: its two lanes, its sockets, what is known of it.

import Glibc

/// A pair of sockets with a lane each way. Used under the proxy's lock only.
final class ProxyConnection {
    let client: Int32
    let server: Int32
    let toServer = Lane(.toServer)
    let toClient = Lane(.toClient)
    /// Its sockets are closed.
    private(set) var isGone = false

    /// Known once the startup message has been read.
    private var identity: ProxiedConnection?
    private var fired: Set<Int> = []
    private var choices: [Int: Bool] = [:]
    /// Faults whose statement has been sent.
    private var answersAwaited: Set<Int> = []
    private var clientSpokeLast = false

    init(client: Int32, server: Int32) {
        self.client = client
        self.server = server
        for descriptor in [client, server] {
            setNonBlocking(descriptor)
            var one: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        }
    }

    /// The lane of a direction.
    func lane(_ direction: Direction) -> Lane { direction == .toServer ? toServer : toClient }
    /// Where a lane reads.
    func source(_ direction: Direction) -> Int32 { direction == .toServer ? client : server }
    /// Where a lane writes.
    func target(_ direction: Direction) -> Int32 { direction == .toServer ? server : client }

    /// Whether both directions are about to end: nothing new goes either way.
    var isEnding: Bool {
        [toServer.ending, toClient.ending].contains { $0 == .reset || $0 == .close }
    }

    // MARK: A turn of the loop

    /// Moves what can be moved, and ends what has ended.
    func step(_ state: inout ProxyState) {
        // What one lane sees may set the other one going.
        toServer.process(self, &state)
        toClient.process(self, &state)
        toServer.process(self, &state)
        for direction in Direction.allCases where !isGone {
            let lane = lane(direction)
            if !lane.queue.flush(to: target(direction)) { lane.breakOff() }
            if let ending = lane.dueEnding(target(direction)) { end(ending, lane) }
            if lane.isDrained, !lane.isOver, !isGone {
                shutdown(target(direction), Int32(SHUT_WR))
                lane.isOver = true
            }
        }
        if toServer.isOver, toClient.isOver { closeBoth() }
    }

    /// Reads from a source that has something.
    func read(_ direction: Direction) {
        guard !isGone else { return }
        var bytes: [UInt8] = []
        let count = readSome(source(direction), into: &bytes)
        if count > 0 {
            lane(direction).receive(bytes)
        } else if count == 0 {
            lane(direction).sourceHasEnded = true
        } else if errno != EAGAIN {
            lane(direction).sourceHasEnded = true
            lane(direction).end(.reset)
        }
    }

    private func end(_ ending: Lane.Ending, _ lane: Lane) {
        switch ending {
        case .reset: reset()
        case .close:
            for descriptor in [client, server] { shutdown(descriptor, Int32(SHUT_WR)) }
            // Unread bytes would turn the FIN into RST.
            var unread: [UInt8] = []
            for descriptor in [client, server] { while readSome(descriptor, into: &unread) > 0 {} }
            closeBoth()
        case .halfClose:
            shutdown(target(lane.direction), Int32(SHUT_WR))
            lane.swallowRest()
        }
    }

    /// Ends both sides with RST.
    func reset() {
        guard !isGone else { return }
        var now = linger(l_onoff: 1, l_linger: 0)
        for descriptor in [client, server] {
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        }
        closeBoth()
    }

    private func closeBoth() {
        guard !isGone else { return }
        isGone = true
        close(client)
        close(server)
    }

    // MARK: Faults

    /// Whether a fault could happen on this connection.
    func mayHave(_ armed: ArmedFault) -> Bool {
        guard let identity, !fired.contains(armed.id) else { return false }
        if let known = choices[armed.id] { return known }
        let answer = armed.choice.includes(identity)
        choices[armed.id] = answer
        return answer
    }

    /// Lets a fault happen.
    func fire(_ armed: ArmedFault, _ state: inout ProxyState) {
        fired.insert(armed.id)
        answersAwaited.remove(armed.id)
        state.use(armed.id)
        lane(armed.direction).apply(armed.fault, self, &state)
    }

    /// Whether an answer is looked for among the server's messages.
    var awaitsAnswer: Bool { !answersAwaited.isEmpty }

    /// Whether a message of this type is the answer that a fault waits for.
    func isAnswer(_ type: UInt8?, of armed: ArmedFault) -> Bool {
        guard let type, answersAwaited.contains(armed.id) else { return false }
        return !"NAS".utf8.contains(type)
    }

    /// A whole Query or Parse message is about to be forwarded.
    func examineStatement(_ message: ArraySlice<UInt8>, _ state: inout ProxyState) {
        let text = String(decoding: message, as: UTF8.self)
        for armed in state.armed where mayHave(armed) {
            switch armed.trigger {
            case .beforeQuery(let wanted): if Self.holds(text, wanted) { fire(armed, &state) }
            case .answer(let wanted): if Self.holds(text, wanted) { answersAwaited.insert(armed.id) }
            case .now, .bytes, .copyBytes, .copyMessages: break
            }
        }
    }

    /// Whole words only: READ COMMITTED is no COMMIT.
    private static func holds(_ text: String, _ wanted: String) -> Bool {
        let isLetter = { (scalar: Unicode.Scalar?) in scalar?.properties.isAlphabetic ?? false }
        return text.ranges(of: wanted).contains { range in
            !isLetter(text.unicodeScalars[range.upperBound...].first)
        }
    }

    /// Counts the turns of the conversation.
    func noteTurn(_ direction: Direction, _ state: inout ProxyState) {
        if direction == .toClient, clientSpokeLast { state.counters.roundTrips += 1 }
        clientSpokeLast = direction == .toServer
    }

    // MARK: The first moments

    private enum StartupCode {
        static let cancel: UInt32 = 80_877_102
        static let encryption: ClosedRange<UInt32> = 80_877_103...80_877_104
    }

    /// Looks at the client's first message; false until it is there as a whole.
    func readStartup(_ lane: Lane, _ bytes: ArraySlice<UInt8>, _ state: inout ProxyState) -> Bool {
        if bytes.first == 0x16 {
            // TLS from the first byte on.
            becomeOpaque(&state)
            return true
        }
        guard let length = lane.framer.wholeLength(bytes), bytes.count >= max(length, 8) else { return false }
        let code = bytes.dropFirst(4).bigEndianNumber
        if StartupCode.encryption.contains(code) {
            lane.framer.beginStartup(length: length, then: .encryptionAnswer)
            toClient.framer.phase = .encryptionAnswer
            return true
        }
        lane.framer.beginStartup(length: length, then: .messages)
        if code == StartupCode.cancel {
            state.counters.cancelRequests += 1
            identity = ProxiedConnection(number: nil, parameters: [:])
        } else {
            let words = bytes.prefix(length).dropFirst(8).split(separator: 0, omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
            var parameters: [String: String] = [:]
            for index in stride(from: 0, to: words.count - 1, by: 2) where !words[index].isEmpty {
                parameters[words[index]] = words[index + 1]
            }
            identify(parameters, &state)
        }
        return true
    }

    /// The server's one byte to a request for encryption.
    func encryptionAnswered(_ answer: UInt8, _ state: inout ProxyState) {
        switch answer {
        case UInt8(ascii: "S"), UInt8(ascii: "G"): becomeOpaque(&state)
        default:
            toServer.framer.phase = .startup
            toClient.framer.phase = .messages
        }
    }

    private func becomeOpaque(_ state: inout ProxyState) {
        toServer.framer.phase = .opaque
        toClient.framer.phase = .opaque
        identify([:], &state)
    }

    private func identify(_ parameters: [String: String], _ state: inout ProxyState) {
        identity = ProxiedConnection(number: state.nextNumber, parameters: parameters)
        state.nextNumber += 1
    }
}
