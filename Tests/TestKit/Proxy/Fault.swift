// Role: what can go wrong on a line, and where: the vocabulary of the fault proxy.

/// A direction of a connection through the proxy.
public enum Direction: Sendable, Hashable, CaseIterable {
    /// From the client to the server.
    case toServer
    /// From the server to the client.
    case toClient

    /// The other one.
    public var opposite: Direction { self == .toServer ? .toClient : .toServer }
}

/// What happens to a direction of a connection, once its trigger comes.
///
/// All bytes before the trigger are delivered first.
public enum Fault: Sendable, Hashable {
    /// Nothing is forwarded nor read any more; the sockets stay open. `resume()` ends it, or the time given.
    case stall(for: Duration? = nil)
    /// So many bytes a second from here on.
    case slow(bytesPerSecond: Int)
    /// Both sockets end with RST, as when a firewall or a machine drops the connection.
    case reset
    /// Both sockets end with FIN, as when the process on the other side exits. Who still sends gets RST then.
    case close
    /// This direction ends with FIN, what its sender still sends is dropped; the other direction goes on.
    case halfClose
    /// Everything further is read and dropped; the sockets stay open.
    case swallow
    /// So many bytes more pass, then as `close`. At the beginning of a message, one to four end it inside
    /// of its header, and six inside of the body of any that is longer than a byte.
    case truncate(after: Int = 6)
    /// The next byte is changed by exclusive-or with `mask`.
    case flip(mask: UInt8 = 0x01)
    /// These bytes are inserted at the next beginning of a message. See `Message`.
    case inject([UInt8])
    /// The next whole message does not arrive; these bytes, perhaps none, come in its place. Two such faults at once
    /// replace the next two.
    case replace([UInt8])

    /// A stall until `resume()`.
    public static var stall: Fault { .stall(for: nil) }
}

/// Where in a direction's stream a fault happens.
///
/// Offsets say how many bytes have passed before: at 0 nothing has. An offset that has passed already
/// counts as come. Only `bytes` and `now` work on encrypted connections.
public enum Trigger: Sendable, Hashable {
    /// At once, where a chosen connection is open, else when one starts.
    case now
    /// At an offset counted from the connection's first byte.
    case bytes(Int)
    /// At an offset counted from the beginning of the first CopyData message. Everything on the wire
    /// after that counts, headers and other messages too.
    case copyBytes(Int)
    /// After the N-th CopyData message; 0 is right before the first.
    case copyMessages(Int)
    /// Before a Query (or Parse) message that contains this text, whole words letter for letter, is forwarded to the server.
    case beforeQuery(String)
    /// When the server's answer to such a message begins: the server has done it, nothing of the answer
    /// has passed. Notices, notifications and parameter changes are no answer.
    case answer(to: String)

    /// The direction that is watched for it, when it can only be one.
    var ownDirection: Direction? {
        switch self {
        case .now, .bytes, .copyBytes, .copyMessages: nil
        case .beforeQuery: .toServer
        case .answer: .toClient
        }
    }
}

/// A connection through the proxy, as a predicate sees it.
public struct ProxiedConnection: Sendable {
    /// Its number, counted from 0, cancel requests not counted; nil for a cancel request.
    public let number: Int?
    /// The parameters of its startup message; empty when it is encrypted.
    public let parameters: [String: String]

    /// Whether it only carries a cancel request.
    public var isCancelRequest: Bool { number == nil }
}

/// Which connections a fault may hit. Cancel requests are hit by a `matching` only.
public enum ConnectionChoice: Sendable {
    /// The one with this number; 0 is the first.
    case number(Int)
    /// All but cancel requests.
    case all
    /// Those of which this says so. It is asked when the startup message has been read.
    case matching(@Sendable (ProxiedConnection) -> Bool)

    /// The first.
    public static var first: ConnectionChoice { .number(0) }

    func includes(_ connection: ProxiedConnection) -> Bool {
        switch self {
        case .number(let number): connection.number == number
        case .all: !connection.isCancelRequest
        case .matching(let predicate): predicate(connection)
        }
    }
}
