// Role: one call of posix_spawn, and the wait that follows it.

import Glibc

/// A child to be: posix_spawn, because swift-subprocess is async only, reports no rusage and takes
/// a controlling terminal only through unsafe hooks; plain sync tests and static lets start programs here too.
struct Spawn {
    /// The absolute path of the program.
    var path: String
    /// argv, the name included, raw bytes.
    var arguments: [[UInt8]]
    /// NAME=value, raw bytes.
    var environment: [[UInt8]]
    /// Where it starts; nil: here.
    var directory: String?
    /// What its descriptors 0, 1 and 2 are; nil: /dev/null.
    var standard: [Int32?] = [nil, nil, nil]
    /// The terminal's path, when it leads a session that the terminal controls.
    var terminal: String?
    /// A session of its own, out of reach of the terminal's ^C.
    var ownSession = false

    /// Starts it and gives its pid, also the number of its process group.
    func start() throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let terminal {
            // A session leader's first terminal becomes the controlling one; it stays so when closed.
            posix_spawn_file_actions_addopen(&actions, 0, terminal, O_RDWR, 0)
        }
        for (number, descriptor) in standard.enumerated() {
            if let descriptor {
                posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
            } else {
                posix_spawn_file_actions_addopen(&actions, Int32(number), "/dev/null", O_RDWR, 0)
            }
        }
        _ = GNU.addCloseFrom(&actions, 3)
        if let directory { _ = GNU.addChdir(&actions, directory) }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let group = terminal != nil || ownSession ? GNU.spawnSetsid : Int32(POSIX_SPAWN_SETPGROUP)
        let flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF) | group
        posix_spawnattr_setflags(&attributes, Int16(flags))

        let argv = CStrings(arguments)
        let envp = CStrings(environment)
        var pid: pid_t = 0
        let code = posix_spawn(&pid, path, &actions, &attributes, argv.pointers, envp.pointers)
        guard code == 0 else { throw KitError("cannot start \(path): \(describe(code))") }
        return pid
    }

    /// Waits for the child's end. It must be called once for each child.
    static func wait(_ pid: Int32) -> (status: ExitStatus, usage: rusage) {
        var status: Int32 = 0
        var usage = rusage()
        uninterrupted { wait4(pid, &status, 0, &usage) }
        let signal = status & 0x7f
        return (signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal), usage)
    }

    /// The absolute path of a program: a name without `/` is looked for in PATH.
    static func find(_ name: String) throws -> String {
        if name.contains("/") { return name }
        let directories = (environmentVariable("PATH") ?? "/usr/bin:/bin").split(separator: ":")
        for path in directories.map({ "\($0)/\(name)" }) where access(path, X_OK) == 0 { return path }
        throw KitError("no program \(name) in PATH")
    }
}

/// An array of C strings that ends with a null pointer, freed with its owner.
private final class CStrings {
    private(set) var pointers: [UnsafeMutablePointer<CChar>?]

    init(_ strings: [[UInt8]]) {
        pointers = strings.map { bytes in
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
            for (index, byte) in bytes.enumerated() { copy[index] = CChar(bitPattern: byte) }
            copy[bytes.count] = 0
            return copy
        }
        pointers.append(nil)
    }

    deinit {
        for pointer in pointers { pointer?.deallocate() }
    }
}
