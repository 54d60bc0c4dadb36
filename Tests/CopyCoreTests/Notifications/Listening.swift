// What the notification tests share: sessions on real servers, and time that only passes by script.

import CopyCore
import Glibc
import TestKit
import Testing

/// Waits in earnest until a test hands time over to a script.
final class SwitchedPoller: Poller {
    private let system = SystemPoller()
    /// Nil: the real one.
    var script: ScriptedPoller?

    private var current: any Poller { script ?? system }
    var now: Instant { current.now }

    func poll(_ entries: inout [PollEntry], until deadline: Instant?, interruptible: Bool) throws(Interrupted) {
        try current.poll(&entries, until: deadline, interruptible: interruptible)
    }
}

/// Opens a session.
func openSession(_ conninfo: String, label: String = "test", poller: any Poller = SystemPoller()) throws -> Session {
    let connection = Connection([("dbname", conninfo), ("application_name", label)])
    try #require(connection.isUsable, "\(connection.errorMessage)")
    return try Session(connection, label: label, poller: poller)
}

/// Opens a session on the source.
func openSession(poller: any Poller = SystemPoller()) throws -> Session {
    try openSession(Servers.source.conninfo(), poller: poller)
}

/// Waits until the session's socket holds something to read.
func awaitArrival(_ session: Session) throws {
    var entries = [PollEntry(Interest(session.connection.socket, .read))]
    let poller = SystemPoller()
    try poller.poll(&entries, until: poller.now + 30, interruptible: true)
    try #require(entries[0].ready == .read, "nothing came")
}

extension Notification {
    init(_ channel: String, _ payload: String, from session: Session) {
        self.init(channel: channel, payload: payload, pid: session.connection.backendPID)
    }
}

extension NotificationManager {
    /// The payloads of the next event, which is one of notifications.
    func payloads(sourceLocation: SourceLocation = #_sourceLocation) throws -> [String] {
        let event = try next()
        guard case .notifications(_, let notifications) = event else {
            Issue.record("\(String(describing: event)) is none of notifications", sourceLocation: sourceLocation)
            return []
        }
        return notifications.map(\.payload)
    }
}

/// How much a session's socket holds.
func bytesToRead(_ session: Session) -> CInt {
    var count: CInt = 0
    _ = ioctl(session.connection.socket, UInt(FIONREAD), &count)
    return count
}
