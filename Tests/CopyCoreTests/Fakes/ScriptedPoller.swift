// The poller of tests: time and readiness by script, nothing is ever waited for.

import CopyCore
import Testing

/// Each poll jumps to the first scripted readiness of what it watches, or to its deadline.
///
/// A poll that would last for ever, and a program that polls without end, fail the test.
final class ScriptedPoller: Poller {
    /// When the script begins.
    static let start = Instant(nanoseconds: 1_000_000_000)

    private(set) var now = ScriptedPoller.start
    /// A signal comes in at this time.
    var interruptedAt: Instant?
    private(set) var polls = 0
    /// What the last poll watched.
    private(set) var watched: [Interest] = []

    private var events: [(at: Instant, descriptor: CInt, ready: Readiness)] = []
    private var delays: [CInt: Double] = [:]
    private var watchedSince: [CInt: Instant] = [:]
    private var pollsAtThisTime = 0

    /// Seconds since the script began.
    var elapsed: Double { now.seconds(since: Self.start) }

    /// The descriptor becomes ready once, so many seconds after the beginning.
    func ready(_ descriptor: CInt, _ ready: Readiness, at seconds: Double) {
        events.append((Self.start + seconds, descriptor, ready))
    }

    /// The descriptor becomes ready so long after each time it begins to be watched.
    func always(_ descriptor: CInt, readyAfter seconds: Double) { delays[descriptor] = seconds }

    /// The user of the copy takes so long about something.
    func pass(_ seconds: Double) { now = now + seconds }

    func poll(_ entries: inout [PollEntry], until deadline: Instant?, interruptible: Bool) throws(Interrupted) {
        polls += 1
        pollsAtThisTime += 1
        guard pollsAtThisTime < 500_000 else { throw fail("it polls without end: \(entries)") }
        watched = entries.map(\.interest)
        for entry in entries where watchedSince[entry.interest.descriptor] == nil {
            watchedSince[entry.interest.descriptor] = now
        }
        if deadline.map({ $0 > now }) ?? true {
            try wait(entries, until: deadline, interruptible: interruptible)
        }
        if interruptible, let interruptedAt, interruptedAt <= now { throw Interrupted(signal: 2) }
        for index in entries.indices { entries[index].ready = take(entries[index].interest) }
    }

    private func wait(_ entries: [PollEntry], until deadline: Instant?, interruptible: Bool) throws(Interrupted) {
        var times = entries.compactMap { readyAt($0.interest) }
        if let deadline { times.append(deadline) }
        if interruptible, let interruptedAt { times.append(interruptedAt) }
        guard let next = times.min() else { throw fail("nothing scripted ends this poll: \(entries)") }
        guard polls < 1_000_000 else { throw fail("it waits again and again: \(entries)") }
        if next > now { pollsAtThisTime = 0 }
        now = max(now, next)
    }

    private func fail(_ reason: String) -> Interrupted {
        Issue.record("\(reason) at \(elapsed) s, poll \(polls)")
        return Interrupted(signal: 99)
    }

    private func matches(_ interest: Interest, _ ready: Readiness) -> Readiness {
        // Watched for trouble only: trouble is told as being writable.
        interest.events.isEmpty ? ready.intersection(.write) : ready.intersection(interest.events)
    }

    private func readyAt(_ interest: Interest) -> Instant? {
        let event = events.filter {
            $0.descriptor == interest.descriptor && !matches(interest, $0.ready).isEmpty
        }.map(\.at).min()
        let delayed = delays[interest.descriptor].map { (watchedSince[interest.descriptor] ?? now) + $0 }
        return [event, delayed].compactMap { $0 }.min()
    }

    private func take(_ interest: Interest) -> Readiness {
        guard let at = readyAt(interest), at <= now else { return [] }
        watchedSince[interest.descriptor] = nil
        var ready: Readiness = []
        if let index = events.firstIndex(where: {
            $0.at <= now && $0.descriptor == interest.descriptor && !matches(interest, $0.ready).isEmpty
        }) {
            ready = matches(interest, events.remove(at: index).ready)
        }
        if delays[interest.descriptor] != nil { ready.formUnion(interest.events) }
        return ready
    }
}

/// An error that says what a test made go wrong.
struct Trouble: Error, Equatable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// The steps of a piece of work that is called until it is done.
struct WorkScript {
    enum Act {
        /// Waits until its descriptor can be read.
        case wait
        /// Waits for ever, whatever becomes ready.
        case hang
        case fail(Trouble)
    }

    var acts: [Act] = []

    /// The next step: done when no act is left.
    mutating func step(_ descriptor: CInt) throws -> Step {
        guard let act = acts.first else { return .done }
        switch act {
        case .wait:
            acts.removeFirst()
            return .waiting(Interest(descriptor, .read))
        case .hang:
            return .waiting(Interest(descriptor, .read))
        case .fail(let error):
            acts.removeFirst()
            throw error
        }
    }
}
