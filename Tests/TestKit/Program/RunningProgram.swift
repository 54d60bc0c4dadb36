// Role: a program that was started: what a test can do to it, and wait for, while it runs.

import Glibc

/// A started program. Its output is collected all the time, by a thread of its own.
///
/// When the last reference goes away before `wait()`, the program is killed.
public final class RunningProgram: Sendable {
    /// Where a program writes.
    public enum Stream: Sendable {
        /// stdout.
        case output
        /// stderr.
        case errors
        /// Its terminal.
        case screen
    }

    /// The process, also the number of its process group.
    public var pid: Int32 { pump.pid }
    private let pump: ProgramPump

    init(_ program: Program) throws {
        pump = try ProgramPump(program)
    }

    deinit { pump.kill(SIGKILL) }

    /// Sends a signal to the process alone; nothing happens when it has ended.
    public func signal(_ number: Int32) { pump.kill(number, group: false) }

    /// Kills it and what it started.
    public func kill() { pump.kill(SIGKILL) }

    /// Whether it has ended.
    public var hasEnded: Bool { pump.state.withLock { $0.end != nil } }

    /// What it wrote to a stream so far.
    public func text(_ stream: Stream) -> String {
        String(decoding: pump.state.withLock { $0.written[stream] }, as: UTF8.self)
    }

    /// Waits until a stream holds `text`, and gives all it holds then.
    ///
    /// Throws when the program ends without it or `timeout` passes.
    @discardableResult
    public func waitForOutput(
        containing text: String, on stream: Stream = .errors, within timeout: Duration = .seconds(30)
    ) throws -> String {
        try waitForOutput("the text “\(text)”", on: stream, within: timeout) { $0.contains(text) }
    }

    /// Waits until all that a stream holds is as `condition` wants it, and gives it.
    @discardableResult
    public func waitForOutput(
        _ what: String, on stream: Stream = .errors, within timeout: Duration = .seconds(30),
        where condition: (String) -> Bool
    ) throws -> String {
        let found = pump.state.wait(until: .after(timeout)) { state -> String?? in
            let text = String(decoding: state.written[stream], as: UTF8.self)
            if condition(text) { return .some(text) }
            return state.isFinished ? .some(nil) : nil
        }
        if let text = found ?? nil { return text }
        let reason = found == nil ? "nothing within \(timeout)" : "the program ended"
        throw KitError("waiting for \(what) on \(stream): \(reason)\n\(pump.describeSoFar())")
    }

    /// Feeds a program started with `.pipe`. It returns at once; the bytes go as fast as they are read.
    public func write(_ bytes: some Sequence<UInt8>) {
        pump.change { $0.pendingInput += bytes }
    }

    /// Feeds text to a program started with `.pipe`.
    public func write(_ text: String) { write(text.utf8) }

    /// Ends the input, after what was written.
    public func closeInput() { pump.change { $0.inputEnds = true } }

    /// Types on its terminal. `"\u{3}"` is ^C, `"\u{4}"` the end of input.
    public func type(_ text: String) { pump.type(Array(text.utf8)) }

    /// Makes its terminal another size.
    public func resize(columns: Int, rows: Int) { pump.resize((columns, rows)) }

    /// Stops reading its stdout, as a stuck reader would; the pipe fills and it must wait.
    public func pauseOutput() { pump.change { $0.outputIsPaused = true } }

    /// Reads its stdout again.
    public func resumeOutput() { pump.change { $0.outputIsPaused = false } }

    /// Closes the reading end of its stdout, as `| head` does.
    public func closeOutput() { pump.change { $0.outputIsClosed = true } }

    /// Waits for its end and gives everything. Throws, with all it wrote, when its time was over.
    @discardableResult
    public func wait() throws -> ProgramResult { try pump.wait() }
}
