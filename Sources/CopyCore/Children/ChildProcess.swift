// A child process: started, fed, waited for without blocking.

internal import Glibc
internal import Synchronization

/// A program that runs beside us: its arguments and environment, its stdin and stdout, and how it ended.
///
/// SIGPIPE is to be ignored and SIGCHLD to be left alone by whoever starts one.
final class ChildProcess: LoopTask {
    /// What is started.
    struct Command {
        /// The program, looked for in PATH unless there is a slash in it, and its arguments: any bytes but zero.
        var arguments: [[UInt8]]
        /// `NAME=value`, in the place of the process's own of that name.
        var variables: [String] = []

        /// A text for the shell.
        static func shell(_ text: [UInt8]) -> Command {
            Command(arguments: [Array("/bin/sh".utf8), Array("-c".utf8), text])
        }
    }

    /// Where its stdin comes from.
    enum Input {
        /// Ours.
        case inherited
        /// These bytes, then its end. A child that does not read them is its own affair.
        case bytes([UInt8])
        /// A pipe, whose other end is `input`.
        case pipe
    }

    /// Where its stdout goes.
    enum Output {
        /// To ours.
        case inherited
        /// Into a pipe, whose other end is `output`.
        case pipe
    }

    /// How it ended.
    enum Status: Sendable, Hashable {
        case exited(CInt)
        case signalled(CInt)
        /// It wanted a terminal that is not its to use, which stopped it by this signal; it was ended.
        case stopped(CInt)
        /// Somebody else took its status.
        case lost(PgcopyError)
    }

    private final class End: Sendable {
        /// Nil: it runs.
        let state = Mutex<Status?>(nil)
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
                        state = .lost(PgcopyError.systemNow("cannot wait for it"))
                        return
                    }
                }
                let signal = status & 0x7f
                state = stop.map { .stopped($0) } ?? (signal == 0 ? .exited(status >> 8 & 0xff) : .signalled(signal))
            }
            pipe.wake()
        }

        /// Sends it and its children a signal, unless it has ended: as long as the lock is held its number stays its own.
        func signal(_ pid: pid_t, _ number: CInt) {
            state.withLock { if $0 == nil { kill(hasGroup ? -pid : pid, number) } }
        }
    }

    private let pid: pid_t
    private let end: End
    /// Our ends of its stdin and stdout; nil once closed.
    private(set) var input: CInt?
    private(set) var output: CInt?
    private var unfed: ArraySlice<UInt8> = []
    private let isFed: Bool

    /// Starts it.
    /// - Parameter inGroup: it gets a process group of its own. Such a one may not use the terminal.
    init(_ command: Command, input: Input, output: Output = .inherited, inGroup: Bool) throws(PgcopyError) {
        guard let pipe = WakePipe() else { throw PgcopyError.systemNow("cannot make a pipe") }
        var (theirInput, theirOutput): (CInt?, CInt?) = (nil, nil)
        defer { for descriptor in [theirInput, theirOutput] { if let descriptor { close(descriptor) } } }
        if case .inherited = input { self.input = nil } else { (theirInput, self.input) = try Self.makePipe() }
        do {
            if case .pipe = output { (self.output, theirOutput) = try Self.makePipe() } else { self.output = nil }
            pid = try Self.spawn(command, stdin: theirInput, stdout: theirOutput, inGroup: inGroup)
        } catch {
            for descriptor in [self.input, self.output] { if let descriptor { close(descriptor) } }
            throw error
        }
        for descriptor in [self.input, self.output] { if let descriptor { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) } }
        if case .bytes(let bytes) = input {
            isFed = true
            unfed = bytes[...]
        } else {
            isFed = false
        }
        let end = End(pipe, hasGroup: inGroup)
        self.end = end
        let started = startThread { [pid] in end.await(pid) }
        step()
        if !started {
            // No thread to be had: wait here.
            closeInput()
            closeOutput()
            end.await(pid)
        }
    }

    deinit {
        closeInput()
        closeOutput()
    }

    /// How it ended; nil: it runs.
    var status: Status? { end.state.withLock { $0 } }

    /// Its end, and room in its stdin.
    func watch(_ entries: inout [PollEntry]) -> Bool {
        if status != nil { return false }
        entries.append(PollEntry(Interest(end.pipe.readEnd, .read)))
        if isFed, let input { entries.append(PollEntry(Interest(input, .write))) }
        return true
    }

    /// Gives it as much of its input as it takes.
    func step(_ polled: ArraySlice<PollEntry> = []) {
        guard isFed else { return }
        while let input, !unfed.isEmpty {
            let count = unsafe unfed.withUnsafeBytes { unsafe write(input, $0.baseAddress, $0.count) }
            if count >= 0 {
                unfed = unfed.dropFirst(count)
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

    /// Its stdin ends.
    func closeInput() {
        if let input { close(input) }
        input = nil
    }

    /// Nobody reads its stdout any more.
    func closeOutput() {
        if let output { close(output) }
        output = nil
    }

    private static func makePipe() throws(PgcopyError) -> (reading: CInt, writing: CInt) {
        var ends: [CInt] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw PgcopyError.systemNow("cannot make a pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func spawn(
        _ command: Command, stdin: CInt?, stdout: CInt?, inGroup: Bool
    ) throws(PgcopyError) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        if let stdin { unsafe posix_spawn_file_actions_adddup2(&actions, stdin, STDIN_FILENO) }
        if let stdout { unsafe posix_spawn_file_actions_adddup2(&actions, stdout, STDOUT_FILENO) }
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
        let code = unsafe withByteStrings(command.arguments) { argv in
            unsafe withByteStrings(environment(replacing: command.variables)) { envp in
                unsafe posix_spawnp(&pid, argv.pointee!, &actions, &attributes, argv, envp)
            }
        }
        guard code == 0 else {
            throw PgcopyError.system("cannot start \(Echo.printable(RawText.decoding(command.arguments[0])))", code)
        }
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
