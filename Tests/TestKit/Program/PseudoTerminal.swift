// Role: a pseudo-terminal.

import Glibc

/// `openpty` without the header that Swift's Glibc module lacks: what glibc does, by the same ioctls.
enum PseudoTerminal {
    /// `TIOCGPTN` of Linux: which terminal is it?
    private static let getNumber: UInt = 0x8004_5430
    /// `TIOCSPTLCK` of Linux: may it be opened?
    private static let setLock: UInt = 0x4004_5431

    /// What a test was told already not to be there: all of them fail, one says why.
    private static let toldMissing = Monitor<Set<String>>([])

    /// Our side, and the path of the other.
    static func open(
        _ master: String = "/dev/ptmx", size: (columns: Int, rows: Int) = (80, 24)
    ) throws -> (descriptor: Int32, path: String) {
        let descriptor = Glibc.open(master, O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let why = "cannot open \(master): \(describe())"
            let isNews = toldMissing.withLock { $0.insert(master).inserted }
            guard isNews else { throw KitError("no terminal without \(master), as another test told") }
            throw KitError(
                """
                \(why). Every test that needs a terminal fails without it, and this is told only here: mount a devpts \
                (mount -t devpts -o ptmxmode=666 devpts /dev/pts; ln -s pts/ptmx /dev/ptmx), or run the tests elsewhere
                """)
        }
        var zero: Int32 = 0
        var number: Int32 = 0
        guard ioctl(descriptor, setLock, &zero) == 0, ioctl(descriptor, getNumber, &number) == 0,
            resize(descriptor, to: size)
        else {
            defer { close(descriptor) }
            throw KitError("cannot set up a terminal: \(describe())")
        }
        return (descriptor, "/dev/pts/\(number)")
    }

    /// Gives it another size; false where that cannot be.
    static func resize(_ descriptor: Int32, to size: (columns: Int, rows: Int)) -> Bool {
        var size = winsize(ws_row: UInt16(size.rows), ws_col: UInt16(size.columns), ws_xpixel: 0, ws_ypixel: 0)
        return ioctl(descriptor, UInt(TIOCSWINSZ), &size) == 0
    }
}
