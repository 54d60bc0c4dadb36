// Role: links between the client and the servers that are not those of one machine.

import TestKit

/// A proxy before each server.
struct Links: Sendable {
    /// Before the source.
    let source: FaultProxy
    /// Before each destination.
    let destinations: [FaultProxy]

    /// Plain ones: what the proxies take themselves is in every figure.
    init(_ arena: Arena) throws {
        source = try FaultProxy(to: arena.source)
        destinations = try arena.destinations.map { try FaultProxy(to: $0) }
    }

    private var all: [FaultProxy] { [source] + destinations }

    /// The same, with so long a way there and back.
    func delayed(roundTrip: Duration) -> Links {
        for link in all { link.delay(toServer: roundTrip / 2, toClient: roundTrip / 2) }
        return self
    }

    /// The same, where each connection takes so many bytes a second of rows.
    func limited(bytesPerSecond: Int) -> Links {
        let slow = Fault.slow(bytesPerSecond: bytesPerSecond)
        source.arm(slow, direction: .toClient, on: .all, times: .max)
        for link in destinations { link.arm(slow, direction: .toServer, on: .all, times: .max) }
        return self
    }

    /// Ends them.
    func stop() { for link in all { link.stop() } }
}
