// Children are ended, with all that they have started.

internal import Glibc

/// Ends children, side by side: each look at the system's processes is one for all of them.
struct Termination: Sendable {
    /// A child that is kept.
    struct Leader: Sendable {
        let pid: pid_t
        let end: ChildProcess.End
        /// Woken once nothing is left.
        let gone: WakePipe?
    }

    private let leaders: [Leader]
    private let groups: Set<pid_t>

    /// Asks them to end, with all that they have started, and makes them after a while; waits for nothing. What has left its
    /// group, as timeout(1) and setsid(1) do, is found by its parents.
    static func begin(_ children: [ChildProcess], grace: Duration) {
        let leaders = children.compactMap { $0.beginTermination() }
        guard !leaders.isEmpty else { return }
        Termination(leaders).begin(grace: grace)
    }

    private init(_ leaders: [Leader]) {
        self.leaders = leaders
        groups = Set(leaders.map(\.pid))
    }

    private func begin(grace: Duration) {
        let members = stopped()
        for number in [SIGTERM, SIGCONT] { signal(members, number) }
        let deadline = ContinuousClock.now + max(.zero, min(grace, .seconds(60)))
        let sleeps = startThread {
            see(members, deadline)
            wake()
        }
        guard !sleeps else { return }
        killAll(members)
        wake()
    }

    private func wake() { for leader in leaders { leader.gone?.wake() } }

    /// All of them, stopped: else one that hears of the end later would take the end of another, which hears of it sooner, for
    /// that other's own, and go on with what comes behind.
    private func stopped() -> Set<ProcessTree.Member> {
        var members = ProcessTree().living(inGroups: groups, from: [])
        for _ in 0..<10 {
            signal(members, SIGSTOP)
            let now = ProcessTree().living(inGroups: groups, from: members)
            if now.isSubset(of: members) { break }
            members.formUnion(now)
        }
        return members
    }

    /// Sends a signal to their groups, and to those that have left them.
    private func signal(_ members: Set<ProcessTree.Member>, _ number: CInt) {
        for leader in leaders { leader.end.signal(leader.pid, number) }
        for member in members where !groups.contains(getpgid(member.pid)) { ProcessTree.signal(member, number) }
    }

    /// Waits until nothing is left of them, until a deadline; then nothing is.
    private func see(_ members: Set<ProcessTree.Member>, _ deadline: ContinuousClock.Instant) {
        var step: UInt32 = 5_000
        var members = members
        while ContinuousClock.now < deadline {
            let living = ProcessTree().living(inGroups: groups, from: members)
            if living.isEmpty, leaders.allSatisfy(\.end.hasEnded) { return }
            members.formUnion(living)
            usleep(step)
            step = min(step * 2, 80_000)
        }
        killAll(members)
    }

    private func killAll(_ members: Set<ProcessTree.Member>) {
        var members = members
        var step: UInt32 = 2_000
        // Whoever starts others meanwhile is overtaken; on a busy machine even SIGKILL takes its time.
        for _ in 0..<60 {
            members.formUnion(ProcessTree().living(inGroups: groups, from: members))
            // A shell that sees the end of what it has started would go on with what comes behind.
            for number in [SIGSTOP, SIGKILL] { signal(members, number) }
            if ProcessTree().living(inGroups: groups, from: members).isEmpty { return }
            usleep(step)
            step = min(step * 2, 80_000)
        }
    }
}
