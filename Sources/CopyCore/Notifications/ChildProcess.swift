// A child process: started, fed, waited for without blocking.

internal import Glibc
internal import Synchronization

/// `/bin/sh -c` with bytes on its stdin; its other streams are ours.
final class ChildProcess {
    private final class End: Sendable {
        enum State {
            case running
            case ended(status: CInt)
            /// It wanted a terminal that is not its to use, and was ended.
            case stopped(signal: CInt)
            /// Somebody else took its status.
            case lost(SystemError)
        }

        let state = Mutex(State.running)
        let pipe: WakePipe
        /// It leads a group of its own, so that what the shell has started can be ended with it.
        let hasGroup: Bool
        /// It is being ended: what it leaves behind ends, too.
        let isCondemned = Atomic(false)

        init(_ pipe: WakePipe, hasGroup: Bool) {
            self.pipe = pipe
            self.hasGroup = hasGroup
        }

        /// Waits until the child ends, and takes its status: whoever lets go of it leaves no zombie.
        func await(_ pid: pid_t) {
            var information = unsafe siginfo_t()
            var stop: CInt?
            while true {
                let code = unsafe waitid(P_PID, id_t(pid), &information, WEXITED | WSTOPPED | WNOWAIT)
                if code < 0, errno == EINTR { continue }
                guard code == 0, unsafe information.si_code == CLD_STOPPED else { break }
                // Taken, or it would be told again and again.
                _ = unsafe waitid(P_PID, id_t(pid), &information, WSTOPPED | WNOHANG)
                let number = unsafe information._sifields._sigchld.si_status
                guard hasGroup, number == SIGTTIN || number == SIGTTOU else { continue }
                stop = number
                kill(-pid, SIGKILL)
            }
            if hasGroup, isCondemned.load(ordering: .relaxed) {
                // What the shell has left behind has a moment; as long as the shell is not reaped the number is the group's.
                usleep(200_000)
                kill(-pid, SIGKILL)
            }
            state.withLock { state in
                var status: CInt = 0
                while unsafe waitpid(pid, &status, 0) < 0 {
                    guard errno == EINTR else {
                        state = .lost(SystemError.now("cannot wait for it"))
                        return
                    }
                }
                state = stop.map { .stopped(signal: $0) } ?? .ended(status: status)
            }
            pipe.wake()
        }

        /// Sends it and its children a signal, unless it has ended: as long as the lock is held its number stays its own.
        func signal(_ pid: pid_t, _ number: CInt) {
            state.withLock { if case .running = $0 { kill(hasGroup ? -pid : pid, number) } }
        }
    }

    private let pid: pid_t
    private let end: End
    /// Our end of its stdin, -1 once closed.
    private var feeding: CInt
    private var input: ArraySlice<UInt8>

    /// Starts it.
    /// - Parameters:
    ///   - variables: `NAME=value`, in the place of the process's own of that name.
    ///   - inGroup: it gets a process group of its own. Such a one may not use the terminal.
    init(_ command: [UInt8], _ variables: [String], input: [UInt8], inGroup: Bool) throws(SystemError) {
        guard let pipe = WakePipe() else { throw SystemError.now("cannot make a pipe") }
        var ends: [CInt] = [-1, -1]
        guard unsafe Glibc.pipe(&ends) == 0 else { throw SystemError.now("cannot make a pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        do {
            pid = try Self.spawn(command, variables, stdin: ends[0], inGroup: inGroup)
        } catch {
            close(ends[1])
            throw error
        }
        feeding = ends[1]
        self.input = input[...]
        _ = fcntl(feeding, F_SETFL, O_NONBLOCK)
        let end = End(pipe, hasGroup: inGroup)
        self.end = end
        let started = startThread { [pid] in end.await(pid) }
        feed()
        if !started {
            // No thread to be had: wait here.
            closeInput()
            end.await(pid)
        }
    }

    deinit { closeInput() }

    /// Whether it has ended.
    var hasEnded: Bool { end.state.withLock { if case .running = $0 { false } else { true } } }

    /// What to wait for: its end, and room in its stdin.
    var interests: [Interest] {
        let itsEnd = Interest(end.pipe.readEnd, .read)
        return feeding < 0 ? [itsEnd] : [itsEnd, Interest(feeding, .write)]
    }

    /// Gives it as much of its input as it takes. A child that does not read is its own affair.
    func feed() {
        while feeding >= 0, !input.isEmpty {
            let count = unsafe input.withUnsafeBytes { unsafe write(feeding, $0.baseAddress, $0.count) }
            if count >= 0 {
                input = input.dropFirst(count)
            } else if errno == EAGAIN {
                return
            } else if errno != EINTR {
                break
            }
        }
        closeInput()
    }

    /// Sends it a signal, unless it has ended.
    func signal(_ number: CInt) { end.signal(pid, number) }

    /// What it leaves behind when it ends is ended with it.
    func condemn() { end.isCondemned.store(true, ordering: .relaxed) }

    /// How it failed, once it has ended.
    func failure() -> NotificationCommand.Failure? {
        let status: CInt
        switch end.state.withLock({ $0 }) {
        case .running: return nil
        case .lost(let error): return .notRun(error)
        case .stopped(let signal): return .stopped(signal)
        case .ended(let code): status = code
        }
        if status & 0x7f != 0 { return .signalled(status & 0x7f) }
        let code = (status >> 8) & 0xff
        return code == 0 ? nil : .exited(code)
    }

    private func closeInput() {
        if feeding >= 0 { close(feeding) }
        feeding = -1
    }

    private static func spawn(
        _ command: [UInt8], _ variables: [String], stdin: CInt, inGroup: Bool
    ) throws(SystemError) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, stdin, STDIN_FILENO)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        unsafe sigemptyset(&defaults)
        for number in IgnoredSignals.toRestore { unsafe sigaddset(&defaults, number) }
        unsafe posix_spawnattr_setsigdefault(&attributes, &defaults)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        unsafe posix_spawnattr_setflags(
            &attributes, CShort(POSIX_SPAWN_SETSIGDEF | (inGroup ? POSIX_SPAWN_SETPGROUP : 0)))
        var pid = pid_t()
        let arguments = [Array("/bin/sh".utf8), Array("-c".utf8), command]
        let code = unsafe withByteStrings(arguments) { argv in
            unsafe withByteStrings(environment(replacing: variables)) { envp in
                unsafe posix_spawn(&pid, "/bin/sh", &actions, &attributes, argv, envp)
            }
        }
        guard code == 0 else { throw SystemError("cannot start /bin/sh", code) }
        return pid
    }

    /// The process's environment with these variables.
    private static func environment(replacing variables: [String]) -> [[UInt8]] {
        let own = variables.map(RawText.bytes(of:))
        let names = own.map { $0.prefix { $0 != UInt8(ascii: "=") } + [UInt8(ascii: "=")] }
        var all: [[UInt8]] = []
        var next = unsafe environ
        while let entry = unsafe next.pointee {
            let bytes = unsafe Array(UnsafeRawBufferPointer(start: entry, count: strlen(entry)))
            if !names.contains(where: { bytes.starts(with: $0) }) { all.append(bytes) }
            unsafe next += 1
        }
        return all + own
    }
}

/// Byte strings as C has them, with a nil after the last, alive during `body`.
private func withByteStrings<R>(
    _ strings: [[UInt8]], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> R
) -> R {
    unsafe withUnsafeTemporaryAllocation(
        of: UnsafeMutablePointer<CChar>?.self, capacity: strings.count + 1
    ) { copies in
        for (index, bytes) in strings.enumerated() {
            unsafe copies[index] = (bytes + [0]).withUnsafeBytes {
                unsafe strdup($0.baseAddress!.assumingMemoryBound(to: CChar.self))
            }
        }
        unsafe copies[strings.count] = nil
        defer { for index in strings.indices { unsafe free(copies[index]) } }
        return unsafe body(copies.baseAddress!)
    }
}
