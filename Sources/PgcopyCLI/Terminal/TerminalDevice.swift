// What is behind a terminal: stderr, or a test's screen.

internal import Glibc

/// Takes what is written to a terminal.
protocol TerminalDevice: AnyObject {
    /// Columns and rows.
    var size: (columns: Int, rows: Int) { get }
    /// A shell, or another program, has the terminal: what is shown there would be in between.
    var isLent: Bool { get }
    /// Whether somebody else has had it since the last time.
    func takeAbsence() -> Bool
    /// Writes all of it.
    func write(_ text: String)
    /// Writes what can be written without waiting; false, and nothing of it: something is still unwritten.
    func offer(_ text: String) -> Bool
}

extension StandardError: TerminalDevice {
    /// 80 by 24 where it does not tell.
    var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    var isLent: Bool {
        let foreground = tcgetpgrp(STDERR_FILENO)
        return foreground > 0 && foreground != getpgrp()
    }

    func takeAbsence() -> Bool { JobControl.takeAbsence() }
}
