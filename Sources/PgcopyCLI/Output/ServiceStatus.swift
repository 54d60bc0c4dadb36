// What systemd shows of a service (systemctl status).

internal import CopyCore
internal import Glibc

/// Tells the service manager how far a run is, in the words of the plain report (sd_notify(3): STATUS=).
final class ServiceStatus: EventSink {
    private let report: PlainReport

    /// Nil: no service manager wants to know.
    init?() {
        guard let path = unsafe getenv("NOTIFY_SOCKET").map({ unsafe String(cString: $0) }),
            let socket = NotifySocket(path)
        else { return nil }
        report = PlainReport(
            Console { line in
                // One line for all: the last one counts.
                socket.send("STATUS=" + line.split(separator: "\n").joined(separator: " ") + "\n")
            }, tellsCommits: true)
    }

    func receive(_ event: TransferEvent) {
        switch event {
        case .planned(let plan) where plan.isDryRun: break
        case .planned, .progress, .waiting, .waitingForLock, .finished: report.receive(event)
        default: break
        }
    }
}

/// The socket that NOTIFY_SOCKET names; whoever does not take a message does not get it.
private final class NotifySocket {
    private let descriptor: CInt
    private var address = sockaddr_un()
    private let length: socklen_t

    /// - Parameter path: absolute, or abstract behind an `@`.
    init?(_ path: String) {
        var bytes = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard bytes.count < room, let first = bytes.first, [UInt8(ascii: "/"), UInt8(ascii: "@")].contains(first) else {
            return nil
        }
        if first == UInt8(ascii: "@") { bytes[0] = 0 }
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
    }

    deinit { close(descriptor) }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                _ = unsafe sendto(
                    descriptor, bytes, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL),
                    pointer,
                    length)
            }
        }
    }
}

/// Passes events on to several.
final class EventFork: EventSink {
    private let sinks: [any EventSink]

    init(_ sinks: [any EventSink]) { self.sinks = sinks }

    func receive(_ event: TransferEvent) { for sink in sinks { sink.receive(event) } }
}
