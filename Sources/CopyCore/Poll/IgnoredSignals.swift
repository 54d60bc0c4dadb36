// Signals that are no event for us, and what becomes of them in our children.

internal import Glibc
internal import Synchronization

/// SIGPIPE and SIGXFSZ: a reader that leaves, or a file that may not grow further (ulimit -f), is an error of write(2).
public enum IgnoredSignals {
    private static let all = [SIGPIPE, SIGXFSZ]
    /// A bit for each that the program's parent ignored.
    private static let inherited = Atomic<UInt64>(0)
    private static let isDone = Atomic<Bool>(false)

    /// From now on they end nothing. To be called first of all, by a program that leaves them to this library.
    public static func ignore() {
        guard !isDone.exchange(true, ordering: .acquiringAndReleasing) else { return }
        for number in all {
            if isIgnored(number) { inherited.bitwiseOr(1 << UInt64(number), ordering: .relaxed) }
            signal(number, SIG_IGN)
        }
        // Where the parent ignored it children would be gone before anybody has seen how they ended.
        if isIgnored(SIGCHLD) { signal(SIGCHLD, SIG_DFL) }
    }

    /// Whether a signal is ignored now.
    public static func isIgnored(_ number: CInt) -> Bool {
        var action = sigaction()
        unsafe sigaction(number, nil, &action)
        // SIG_IGN is 1.
        return unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }

    /// Those that a child gets back: what we ignore it expects to be there, unless our parent wanted it so.
    static var toRestore: [CInt] {
        let kept = inherited.load(ordering: .relaxed)
        return all.filter { kept & 1 << UInt64($0) == 0 }
    }
}
