// ^Z, fg and bg: the terminal is given to the shell, and taken back.

internal import CopyCore
internal import Glibc
internal import Synchronization

/// What signal handlers do with the terminal, and tell of it.
enum JobControl {
    private static let wasAway = Atomic<Bool>(false)
    private static let clearsProgress = Atomic<Bool>(false)

    /// From now on the cursor is below the display when the program stops, and progress that the terminal shows is taken back.
    static func watch(clearingProgress: Bool) {
        clearsProgress.store(clearingProgress, ordering: .relaxed)
        if !IgnoredSignals.isIgnored(SIGTSTP) { handle(SIGTSTP) { JobControl.stop($0) } }
        handle(SIGCONT) { _ in JobControl.wasAway.store(true, ordering: .relaxed) }
        // A fault of our own ends the process, but not before.
        if clearingProgress { for number in faults { handle(number) { JobControl.end($0) } } }
    }

    /// Nothing is shown any more.
    static func leave() {
        let watched = [SIGTSTP, SIGCONT] + (clearsProgress.exchange(false, ordering: .relaxed) ? faults : [])
        for number in watched where !IgnoredSignals.isIgnored(number) { signal(number, SIG_DFL) }
    }

    private static let faults = [SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGABRT, SIGFPE]

    /// Whether the shell had the terminal since the last time.
    static func takeAbsence() -> Bool { wasAway.exchange(false, ordering: .relaxed) }

    private static func handle(_ number: CInt, _ handler: @escaping @convention(c) (CInt) -> Void) {
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_handler = handler
        action.sa_flags = SA_RESTART
        unsafe sigaction(number, &action, nil)
    }

    /// In a handler: only what is safe there.
    private static func stop(_ number: CInt) {
        let saved = errno
        clear()
        put("\r\n")
        signal(number, SIG_DFL)
        var only = sigset_t()
        var before = sigset_t()
        unsafe sigemptyset(&only)
        unsafe sigaddset(&only, number)
        raise(number)
        // It stops here, as soon as the signal is no longer held back.
        unsafe pthread_sigmask(SIG_UNBLOCK, &only, &before)
        unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
        handle(number) { JobControl.stop($0) }
        errno = saved
    }

    private static func end(_ number: CInt) {
        clear()
        signal(number, SIG_DFL)
        raise(number)
    }

    private static func clear() {
        if clearsProgress.load(ordering: .relaxed) { put("\u{1B}]9;4;0;0\u{1B}\\") }
    }

    private static func put(_ text: StaticString) {
        _ = unsafe write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
    }
}
