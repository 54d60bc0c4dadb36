// The real poll.

internal import Glibc

/// Waits by poll(2) and reads CLOCK_MONOTONIC.
public final class SystemPoller: Poller {
    private let interruption: Interruption?
    private let reports: ReportRequest?
    /// Called between two looks when a report is asked for, whatever is being waited for, cleaning up included.
    public var onReportRequest: (() -> Void)?
    /// Goes on beside whatever is run.
    public var companion: (any LoopTask)?
    /// What every poll watches beside its entries.
    private var bystanders: [(descriptor: CInt, call: () -> Void)] = []
    /// What is called as often as that, and when next.
    private var tick: (interval: Duration, call: () -> Bool)?
    private var nextTick: Instant?
    /// Kept between calls: no allocation a cycle.
    private var descriptors: [pollfd] = []

    /// A poller that also wakes for an interruption and for whoever asks for a report, if they are given.
    public init(interruption: Interruption? = nil, reports: ReportRequest? = nil) {
        self.interruption = interruption
        self.reports = reports
    }

    /// CLOCK_MONOTONIC.
    public var now: Instant {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// The corresponding C function is poll.
    public func poll(
        _ entries: inout [PollEntry], until deadline: Instant?, interruptible: Bool
    ) throws(Interrupted) {
        // Out of the poller for as long as it is worked on: each use of a property costs as much as an entry.
        var descriptors: [pollfd] = []
        swap(&descriptors, &self.descriptors)
        defer { self.descriptors = descriptors }
        if prepare(entries, &descriptors, interruptible: interruptible) { gather() }
        while true {
            if !bystanders.isEmpty { watchBystanders(entries.count, &descriptors, interruptible: interruptible) }
            if interruptible, let signal = interruption?.signal { throw Interrupted(signal: signal) }
            while reports?.take() ?? false { onReportRequest?() }
            let tick = nextTick
            let wait = earliest(deadline, tick)
            let count = unsafe Glibc.poll(&descriptors, nfds_t(descriptors.count), milliseconds(until: wait))
            if let tick, tick <= now, callTick() { break }
            let others =
                (sawReportRequest(descriptors) ? 1 : 0) + (bystanders.isEmpty ? 0 : callBystanders(descriptors))
            if count > others { break }
            if count <= others, let deadline, now >= deadline { break }
            // EINTR: the loop looks at the signal. A rounded-down or very long wait goes on, and so does one that
            // was ended by a request for a report, or by a bystander, alone.
        }
        if interruptible, let signal = interruption?.signal { throw Interrupted(signal: signal) }
        for index in entries.indices { entries[index].ready = readiness(descriptors[index]) }
    }

    /// Whether the last poll was ended by a request for a report, perhaps along with others.
    private func sawReportRequest(_ descriptors: [pollfd]) -> Bool {
        guard let reports, let place = descriptors.firstIndex(where: { $0.fd == reports.descriptor }),
            descriptors[place].revents != 0
        else { return false }
        reports.noticed()
        return true
    }

    /// The corresponding C function is poll.
    public func onReadable(_ descriptor: CInt, _ call: (() -> Void)?) {
        bystanders.removeAll { $0.descriptor == descriptor }
        if let call { bystanders.append((descriptor, call)) }
    }

    /// The corresponding C function is poll.
    public func onTick(every interval: Duration, _ call: (() -> Bool)?) {
        tick = call.map { (interval, $0) }
        nextTick = call == nil ? nil : now + interval
    }

    private func callTick() -> Bool {
        guard let tick else { return false }
        // From now on: whoever was away for long is called once.
        nextTick = now + tick.interval
        return tick.call()
    }

    /// Puts those that there are by now behind everything else.
    private func watchBystanders(_ entries: Int, _ descriptors: inout [pollfd], interruptible: Bool) {
        let own = entries + (interruptible && interruption != nil ? 1 : 0) + (reports != nil ? 1 : 0)
        descriptors.removeSubrange(own...)
        for (descriptor, _) in bystanders {
            descriptors.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
        }
    }

    /// Calls those of whom something was found; how many.
    private func callBystanders(_ descriptors: [pollfd]) -> Int {
        let found = descriptors.suffix(bystanders.count).filter { $0.revents != 0 }.map(\.fd)
        for descriptor in found { bystanders.first { $0.descriptor == descriptor }?.call() }
        return found.count
    }

    /// Lets a stream gather. A server sends 8 KiB at a time, at up to 300 MB/s: in 0.2 ms that is a cycle's 64 KiB,
    /// and a third of what a Unix socket holds. A poll and a wake-up for each 8 KiB cost more than copying them.
    private func gather() {
        var moment = timespec(tv_sec: 0, tv_nsec: 200_000)
        unsafe nanosleep(&moment, nil)
    }

    /// What poll(2) is to be given.
    /// - Returns: whether a stream is to gather first.
    private func prepare(_ entries: [PollEntry], _ descriptors: inout [pollfd], interruptible: Bool) -> Bool {
        descriptors.removeAll(keepingCapacity: true)
        var gathers = false
        for entry in entries {
            if entry.interest.gathers { gathers = true }
            var events: CInt = 0
            if entry.interest.events.contains(.read) { events |= CInt(POLLIN) }
            if entry.interest.events.contains(.write) { events |= CInt(POLLOUT) }
            descriptors.append(pollfd(fd: entry.interest.descriptor, events: Int16(events), revents: 0))
        }
        if interruptible, let interruption {
            descriptors.append(pollfd(fd: interruption.descriptor, events: Int16(POLLIN), revents: 0))
        }
        if let reports { descriptors.append(pollfd(fd: reports.descriptor, events: Int16(POLLIN), revents: 0)) }
        return gathers
    }

    private func milliseconds(until deadline: Instant?) -> CInt {
        guard let deadline else { return -1 }
        let left = deadline.seconds(since: now) * 1000
        // Rounded up: waking early would only mean another turn. A day at a time at most.
        return left <= 0 ? 0 : CInt(min(86_400_000, left.rounded(.up)))
    }

    private func readiness(_ descriptor: pollfd) -> Readiness {
        let events = CInt(descriptor.events)
        let found = CInt(descriptor.revents)
        // An error or hang-up is for whoever watches, in whatever direction: the next call meets it.
        let trouble = found & (CInt(POLLERR) | CInt(POLLHUP) | CInt(POLLNVAL)) != 0
        var ready: Readiness = []
        if events & CInt(POLLIN) != 0, trouble || found & CInt(POLLIN) != 0 { ready.insert(.read) }
        if events & CInt(POLLOUT) != 0, trouble || found & CInt(POLLOUT) != 0 { ready.insert(.write) }
        // Watched for trouble only.
        if events == 0, trouble { ready.insert(.write) }
        return ready
    }
}
