// Real sockets and pipes, time by script.

import CopyCore
import Testing

/// Waits in earnest for what is real; time goes on, to the next event or alarm, only once nothing real is to come.
///
/// Scripted descriptors begin at 1000.
final class TimelessPoller: Poller {
    let script = ScriptedPoller()
    /// Nothing real is to come any more.
    var isQuiet: () -> Bool = { false }
    private(set) var polls = 0
    private let system = SystemPoller()

    var now: Instant { script.now }

    func poll(_ entries: inout [PollEntry], until deadline: Instant?, interruptible: Bool) throws(Interrupted) {
        polls += 1
        let isReal = entries.map { 0..<1000 ~= $0.interest.descriptor }
        var scripted = zip(entries, isReal).filter { !$1 }.map(\.0)
        var real = zip(entries, isReal).filter { $1 }.map(\.0)
        let isDue = deadline.map { $0 <= now } ?? false
        let wait = isDue || isQuiet() ? 0 : 60
        try system.poll(&real, until: system.now + Double(wait), interruptible: false)
        let isReady = real.contains { !$0.ready.isEmpty }
        if !isReady, wait > 0 {
            Issue.record("nothing came: \(entries.map(\.interest))")
            throw Interrupted(signal: 99)
        }
        try script.poll(&scripted, until: isReady ? now : deadline, interruptible: interruptible)
        for index in entries.indices { entries[index] = isReal[index] ? real.removeFirst() : scripted.removeFirst() }
    }
}
