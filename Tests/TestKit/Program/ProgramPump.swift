// Role: the threads behind a running program: one moves bytes and watches the time, one waits for the end.

import Glibc

/// Moves the bytes of one child process. No policy: what to do is told by the flags in `state`.
final class ProgramPump: Sendable {
    /// What it wrote, per stream.
    struct Written {
        var output: [UInt8] = []
        var errors: [UInt8] = []
        var screen: [UInt8] = []

        subscript(stream: RunningProgram.Stream) -> [UInt8] {
            switch stream {
            case .output: output
            case .errors: errors
            case .screen: screen
            }
        }
    }

    /// What the test and the threads share.
    struct State {
        var written = Written()
        var pendingInput: [UInt8] = []
        var inputEnds = false
        var outputIsPaused = false
        var outputIsClosed = false
        var end: (status: ExitStatus, usage: rusage, at: Deadline)?
        var isFinished = false
        var ranOutOfTime = false
        var sampledPeak = 0
    }

    let pid: Int32
    let state: Monitor<State>
    private let program: Program
    private let started: Deadline
    private let pipes: ProgramPipes

    init(_ program: Program) throws {
        self.program = program
        let pipes = try ProgramPipes(program)
        self.pipes = pipes
        started = .now
        var spawn = Spawn(
            path: try Spawn.find(program.executable),
            arguments: [Array(program.executable.utf8)] + program.rawArguments,
            environment: program.environment.map { Array("\($0)=\($1)".utf8) },
            directory: program.directory
        )
        spawn.standard = pipes.childSide
        spawn.terminal = pipes.terminalPath
        do {
            pid = try spawn.start()
        } catch {
            pipes.closeAll()
            throw error
        }
        try? Keeper.ofProcess.get().programStarted(pid)
        pipes.closeChildSide()
        var first = State()
        if case .bytes(let bytes) = program.input {
            first.pendingInput = bytes
            first.inputEnds = true
        }
        state = Monitor(first)
        Thread { self.awaitEnd() }.detach()
        Thread { self.move() }.detach()
    }

    /// Changes the flags and makes the moving thread look at them.
    func change(_ body: (inout State) -> Void) {
        state.withLock {
            body(&$0)
            if !$0.isFinished { pipes.wake() }
        }
    }

    /// Types on the terminal.
    func type(_ bytes: [UInt8]) {
        state.withLock { if !$0.isFinished { pipes.type(bytes) } }
    }

    /// Makes the terminal another size.
    func resize(_ size: (columns: Int, rows: Int)) {
        state.withLock { if !$0.isFinished { pipes.resize(size) } }
    }

    /// Signals the process, or its whole group. Under the lock, so never a stranger with a reused pid.
    func kill(_ signal: Int32, group: Bool = true) {
        state.withLock { if $0.end == nil { Glibc.kill(group ? -pid : pid, signal) } }
    }

    /// Waits for the end.
    func wait() throws -> ProgramResult {
        // The moving thread keeps the time; the extra is for a machine under load.
        let end = state.wait(until: .after(program.timeout + .seconds(60))) { $0.isFinished ? $0 : nil }
        guard let end, let (status, usage, moment) = end.end else {
            throw KitError("cannot be killed: \(describeSoFar())")
        }
        let result = ProgramResult(
            command: program.command, status: status, standardOutput: end.written.output,
            standardError: end.written.errors, screen: end.written.screen, duration: moment.since(started),
            userTime: duration(usage.ru_utime), systemTime: duration(usage.ru_stime),
            peakMemory: peak(usage, sampled: end.sampledPeak)
        )
        guard !end.ranOutOfTime else { throw KitError("killed after \(program.timeout): \(result)") }
        try RecordCheck.check(program, result)
        return result
    }

    /// For messages about a program that still runs.
    func describeSoFar() -> String {
        let written = state.withLock { $0.written }
        return [("stdout", written.output), ("stderr", written.errors), ("terminal", written.screen)]
            .filter { !$0.1.isEmpty }
            .reduce(program.command) { text, part in
                text + "\n--- \(part.0)\n" + String(decoding: part.1.suffix(4000), as: UTF8.self)
            }
    }

    private func awaitEnd() {
        var information = siginfo_t()
        uninterrupted { waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) }
        change {
            let (status, usage) = Spawn.wait(pid)
            $0.end = (status, usage, .now)
        }
    }

    private func move() {
        blockBrokenPipeSignal()
        let deadline = started + program.timeout
        var killed: Deadline?
        while true {
            let flags = state.withLock { state in
                if state.end == nil { state.sampledPeak = max(state.sampledPeak, highWaterMark(of: "\(pid)")) }
                return pipes.poll(&state)
            }
            if flags.isDone { break }
            pipes.wait(until: min(killed ?? deadline, .after(.milliseconds(flags.hasEnded ? 1000 : 5))))
            if let killed {
                // Someone who left the group still holds the pipes: no reason to wait for him.
                if killed.hasPassed { break }
            } else if deadline.hasPassed {
                state.withLock {
                    $0.ranOutOfTime = $0.end == nil
                    Glibc.kill(-pid, SIGKILL)
                }
                killed = .after(.seconds(2))
            }
        }
        _ = state.wait(until: .after(.seconds(30))) { $0.end != nil ? true : nil }
        try? Keeper.ofProcess.get().programEnded(pid)
        state.withLock {
            $0.isFinished = true
            pipes.closeAll()
        }
    }

    /// See `ProgramResult.peakMemory`.
    private func peak(_ usage: rusage, sampled: Int) -> Int {
        let reported = usage.ru_maxrss * 1024
        return sampled == 0 || reported > highWaterMark(of: "self") ? reported : sampled
    }
}

/// The VmHWM of a process in bytes, 0 when it is not to be had.
private func highWaterMark(of process: String) -> Int {
    guard let text = try? String(decoding: readFile("/proc/\(process)/status"), as: UTF8.self),
        let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
        let kibibytes = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap({ Int($0) })
    else { return 0 }
    return kibibytes * 1024
}

/// Writing to a program that has gone is an error number here, not the end of the test run.
func blockBrokenPipeSignal() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
}

/// A time of the kernel's accounting. No initializer of Duration: beside one that takes a `timeval`, Swift 6.3
/// does not find the members of `timespec` when it builds the whole module at once, as for a release.
private func duration(_ time: timeval) -> Duration {
    .seconds(Int64(time.tv_sec)) + .microseconds(Int64(time.tv_usec))
}
