// A child process: started, fed, waited for without blocking.

internal import Glibc
internal import Synchronization

/// A program that runs beside us: its arguments and environment, its stdin, stdout and stderr, and how it ended.
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

    /// Where its stdout or stderr goes.
    enum Output {
        /// To ours.
        case inherited
        /// Into a pipe, whose other end is `output`, or `errors`.
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

    final class End: Sendable {
        /// Nil: it runs. As long as it is not reaped its number is its own, and its group's.
        let state = Mutex<(status: Status?, isReaped: Bool)>((nil, false))
        let pipe: WakePipe
        let group: Group
        var hasGroup: Bool { group != .ours }
        /// It is being ended: what it leaves behind ends, too.
        let isCondemned = Atomic(false)

        init(_ pipe: WakePipe, _ group: Group) {
            self.pipe = pipe
            self.group = group
        }

        /// Waits until the child ends, and takes its status: whoever lets go of it leaves no zombie.
        func await(_ pid: pid_t) {
            var information = unsafe siginfo_t()
            var stop: CInt?
            var lost: PgcopyError?
            while true {
                let code = unsafe waitid(P_PID, id_t(pid), &information, WEXITED | WSTOPPED | WNOWAIT)
                if code < 0, errno == EINTR { continue }
                if code != 0 { lost = PgcopyError.systemNow("cannot wait for it") }
                guard code == 0, unsafe information.si_code == CLD_STOPPED else { break }
                // Taken, or it would be told again and again.
                _ = unsafe waitid(P_PID, id_t(pid), &information, WSTOPPED | WNOHANG)
                let number = unsafe information._sifields._sigchld.si_status
                guard hasGroup, number == SIGTTIN || number == SIGTTOU else { continue }
                stop = number
                kill(-pid, SIGKILL)
            }
            if hasGroup, isCondemned.load(ordering: .relaxed) {
                // What the shell has left behind has a moment.
                usleep(ChildProcess.moment)
                kill(-pid, SIGKILL)
            }
            let number = unsafe information._sifields._sigchld.si_status
            let ended: Status = unsafe information.si_code == CLD_EXITED ? .exited(number) : .signalled(number)
            state.withLock { $0.status = lost.map { .lost($0) } ?? stop.map { .stopped($0) } ?? ended }
            if group != .kept { reap(pid) }
            pipe.wake()
        }

        func reap(_ pid: pid_t) {
            state.withLock { state in
                guard state.status != nil, !state.isReaped else { return }
                state.isReaped = true
                while waitpid(pid, nil, 0) < 0, errno == EINTR {}
            }
        }

        /// Sends it, and where it has a group all that it has started, a signal, unless it was reaped.
        func signal(_ pid: pid_t, _ number: CInt) {
            state.withLock { if !$0.isReaped { kill(hasGroup ? -pid : pid, number) } }
        }

        var hasEnded: Bool { state.withLock { $0.status != nil } }
        var isReaped: Bool { state.withLock { $0.isReaped } }
    }

    /// Which process group it is in.
    enum Group {
        /// Ours, which may use the terminal.
        case ours
        /// One of its own, so that what it has started can be ended with it.
        case own
        /// One of its own, which can be ended behind its own end, too: it is reaped when let go.
        case kept
    }

    /// What is left of a group that was told to end still gets that long, in microseconds.
    private static let moment: UInt32 = 200_000

    private let pid: pid_t
    private let end: End
    /// Of one that is kept: readable once it has ended behind `terminate`, and what it had started. Made at the start: at its
    /// end there may be no descriptor to be had.
    private let gone: WakePipe?
    private var isTerminated = false
    /// Our ends of its stdin, stdout and stderr; nil once closed.
    private(set) var input: CInt?
    private(set) var output: CInt?
    private(set) var errors: CInt?
    private var unfed: ArraySlice<UInt8> = []
    private let isFed: Bool

    /// Starts it.
    init(
        _ command: Command, input: Input, output: Output = .inherited, errors: Output = .inherited, group: Group
    ) throws(PgcopyError) {
        let gone = group == .kept ? WakePipe() : nil
        guard let pipe = WakePipe(), group != .kept || gone != nil else {
            throw PgcopyError.systemNow("cannot make a pipe")
        }
        self.gone = gone
        var theirs: [CInt?] = [nil, nil, nil]
        defer { for descriptor in theirs { if let descriptor { close(descriptor) } } }
        if case .inherited = input { self.input = nil } else { (theirs[0], self.input) = try Self.makePipe() }
        do {
            if case .pipe = output { (self.output, theirs[1]) = try Self.makePipe() } else { self.output = nil }
            if case .pipe = errors { (self.errors, theirs[2]) = try Self.makePipe() } else { self.errors = nil }
            pid = try Self.spawn(command, theirs, inGroup: group != .ours)
        } catch {
            for descriptor in [self.input, self.output, self.errors] { if let descriptor { close(descriptor) } }
            throw error
        }
        for descriptor in [self.input, self.output, self.errors] {
            if let descriptor { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
        }
        if case .bytes(let bytes) = input {
            isFed = true
            unfed = bytes[...]
        } else {
            isFed = false
        }
        let end = End(pipe, group)
        self.end = end
        guard startThread({ [pid] in end.await(pid) }) else {
            let failure = PgcopyError.systemNow("cannot start a thread")
            // Before its input ends, which would look like success.
            end.signal(pid, SIGKILL)
            end.await(pid)
            end.reap(pid)
            throw failure
        }
        step()
    }

    deinit {
        closeInput()
        closeOutput()
        closeErrors()
        end.reap(pid)
    }

    /// How it ended; nil: it runs.
    var status: Status? { end.state.withLock { $0.status } }

    /// Readable once it has ended.
    var exit: Interest { Interest(end.pipe.readEnd, .read) }

    /// Its end, and room in its stdin.
    func watch(_ entries: inout [PollEntry]) -> Bool {
        if status != nil { return false }
        entries.append(PollEntry(exit))
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

    /// Who is to be ended from now on; nil: it is being ended, or was let go.
    func beginTermination() -> Termination.Leader? {
        guard !isTerminated, !end.isReaped else { return nil }
        isTerminated = true
        return Termination.Leader(pid: pid, end: end, gone: gone)
    }

    /// Readable once nothing is left of one that was told to end; nil: it was not.
    var isGone: Interest? { isTerminated ? gone.map { Interest($0.readEnd, .read) } : nil }

    /// Somebody reads what is written to its stdin.
    var isRead: Bool {
        guard let input else { return false }
        var entry = pollfd(fd: input, events: 0, revents: 0)
        return unsafe Glibc.poll(&entry, 1, 0) >= 0 && entry.revents & CShort(POLLERR) == 0
    }

    /// Bytes in a pipe that nobody has read yet, by either end.
    static func unread(_ descriptor: CInt) -> Int {
        var count: CInt = 0
        return unsafe ioctl(descriptor, UInt(FIONREAD), &count) == 0 ? Int(count) : 0
    }

    /// Another end of the pipe to its stdin, for looking at what is left in it; nil: there is none to be had.
    func inputAgain() -> CInt? {
        guard let input else { return nil }
        let end = unsafe open("/proc/self/fd/\(input)", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        return end < 0 ? nil : end
    }

    /// Lets go of its number, once it has ended.
    func reap() { end.reap(pid) }

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

    /// Nobody reads its stderr any more.
    func closeErrors() {
        if let errors { close(errors) }
        errors = nil
    }

    private static func makePipe() throws(PgcopyError) -> (reading: CInt, writing: CInt) {
        var ends: [CInt] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw PgcopyError.systemNow("cannot make a pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func spawn(
        _ command: Command, _ descriptors: [CInt?], inGroup: Bool
    ) throws(PgcopyError) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for (number, descriptor) in descriptors.enumerated() {
            if let descriptor { unsafe posix_spawn_file_actions_adddup2(&actions, descriptor, CInt(number)) }
        }
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
