// Role: the descriptors between the kit and one child: pipes, a terminal, and the pipe that wakes the pump.

import Glibc

/// Our ends and the child's ends. Ours are used by the pump's moving thread only, under the pump's lock.
///
/// `@unchecked Sendable`: every mutable field is touched under that lock, or before the threads start.
final class ProgramPipes: @unchecked Sendable {
    /// What the child gets as 0, 1 and 2; nil is /dev/null.
    private(set) var childSide: [Int32?] = [nil, nil, nil]
    /// The path of its terminal.
    private(set) var terminalPath: String?

    private var input: Int32 = -1
    private var output: Int32 = -1
    private var errors: Int32 = -1
    private var terminal: Int32 = -1
    /// The child's side of the terminal, kept open while the child lives: else the terminal would seem
    /// to have ended whenever the child happens not to have it open.
    private var slave: Int32 = -1
    private let wakeReading: Int32
    private let wakeWriting: Int32
    /// How much of the pending input was written.
    private var inputSent = 0
    private var polled: [pollfd] = []

    init(_ program: Program) throws {
        (wakeReading, wakeWriting) = try makePipe()
        setNonBlocking(wakeReading)
        setNonBlocking(wakeWriting)
        do {
            try open(program)
        } catch {
            closeAll()
            throw error
        }
    }

    private func open(_ program: Program) throws {
        if program.terminal != nil {
            let pair = try PseudoTerminal.open(size: program.terminalSize)
            terminal = pair.descriptor
            setNonBlocking(terminal)
            terminalPath = pair.path
            slave = Glibc.open(pair.path, O_RDWR | O_NOCTTY | O_CLOEXEC)
            guard slave >= 0 else { throw KitError("cannot open \(pair.path): \(describe())") }
        }
        let onTerminal = program.terminal ?? []
        childSide[2] = onTerminal.contains(.errors) ? dup(slave) : try pipe(reading: &errors)
        childSide[1] = onTerminal.contains(.output) ? dup(slave) : try pipe(reading: &output)
        if onTerminal.contains(.input) {
            childSide[0] = dup(slave)
            return
        }
        switch program.input {
        case .none: break
        case .file(let path):
            let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { throw KitError("cannot open \(path): \(describe())") }
            childSide[0] = file
        case .bytes, .pipe:
            let (reading, writing) = try makePipe()
            childSide[0] = reading
            input = writing
            setNonBlocking(input)
        }
    }

    private func pipe(reading: inout Int32) throws -> Int32 {
        let ends = try makePipe()
        reading = ends.reading
        setNonBlocking(reading)
        return ends.writing
    }

    /// Makes `wait` return.
    func wake() {
        _ = write(wakeWriting, "!", 1)
    }

    /// Makes the terminal another size.
    func resize(_ size: (columns: Int, rows: Int)) { _ = PseudoTerminal.resize(terminal, to: size) }

    /// Writes on the terminal.
    func type(_ bytes: [UInt8]) {
        guard terminal >= 0 else { return }
        try? writeAll(terminal, bytes)
    }

    /// Moves what can be moved now, and prepares the next `wait`.
    func poll(_ state: inout ProgramPump.State) -> (isDone: Bool, hasEnded: Bool) {
        var wakes: [UInt8] = []
        while readSome(wakeReading, into: &wakes) > 0 {}
        if state.outputIsClosed { closeOne(&output) }
        if state.end != nil { closeOne(&slave) }
        if !state.outputIsPaused { drain(&output, into: &state.written.output) }
        drain(&errors, into: &state.written.errors)
        drain(&terminal, into: &state.written.screen)
        feed(&state)

        polled = [pollfd(fd: wakeReading, events: Int16(POLLIN), revents: 0)]
        for descriptor in [state.outputIsPaused ? -1 : output, errors, terminal] where descriptor >= 0 {
            polled.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
        }
        if input >= 0, !state.pendingInput.isEmpty {
            polled.append(pollfd(fd: input, events: Int16(POLLOUT), revents: 0))
        }
        let isSilent = (output < 0 || state.outputIsPaused) && errors < 0 && terminal < 0
        return (state.end != nil && isSilent, state.end != nil)
    }

    /// Sleeps until something can be moved.
    func wait(until deadline: Deadline) {
        _ = Glibc.poll(&polled, nfds_t(polled.count), deadline.pollTimeout)
    }

    private func drain(_ descriptor: inout Int32, into bytes: inout [UInt8]) {
        guard descriptor >= 0 else { return }
        // Not without end: the lock is held, and there are other streams.
        for _ in 0..<16 {
            let count = readSome(descriptor, into: &bytes)
            if count > 0 { continue }
            // A terminal's end is EIO.
            if count < 0, errno == EAGAIN { return }
            return closeOne(&descriptor)
        }
    }

    private func feed(_ state: inout ProgramPump.State) {
        guard input >= 0 else { return }
        while inputSent < state.pendingInput.count {
            let count = state.pendingInput.withUnsafeBytes { buffer in
                uninterrupted { write(input, buffer.baseAddress! + inputSent, min(buffer.count - inputSent, 65_536)) }
            }
            if count > 0 {
                inputSent += count
            } else if errno == EAGAIN {
                return
            } else {
                // It reads no more. That is its right.
                closeOne(&input)
                break
            }
        }
        state.pendingInput = []
        inputSent = 0
        if state.inputEnds { closeOne(&input) }
    }

    private func closeOne(_ descriptor: inout Int32) {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    /// After the start: only the child holds its ends.
    func closeChildSide() {
        for descriptor in childSide.compactMap({ $0 }) { close(descriptor) }
        childSide = [nil, nil, nil]
    }

    /// At the end; twice does no harm. The wake pipe stays for the life of this object.
    func closeAll() {
        closeChildSide()
        closeOne(&input)
        closeOne(&output)
        closeOne(&errors)
        closeOne(&terminal)
        closeOne(&slave)
    }

    deinit {
        close(wakeReading)
        close(wakeWriting)
    }
}
