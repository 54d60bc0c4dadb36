// Role: the shell that runs a cluster's commands as the right user, and cleans up when the test process is gone.

import Glibc

/// A `/bin/sh` at the other end of a socket. It does what it is told line by line, and when the socket
/// closes — because the test process ended, in whatever way — it stops the server, if there is one, and
/// removes the directory. It is started before the directory holds anything, so there is no moment without it.
final class Keeper: Sendable {
    /// $1: the cluster's directory, $2: the server's programs.
    private static let script = #"""
        trap '' HUP INT PIPE QUIT TERM
        cd "$1" || exit
        started() { eval "group_$1=1"; }
        ended() { unset "group_$1"; }
        while IFS= read -r line; do
            eval "$line" </dev/null >>keeper.log 2>&1
            echo $?
        done
        pid=$(head -n 1 data/postmaster.pid 2>/dev/null)
        if [ -n "$pid" ]; then
            kill -s CONT "$pid"
            "$2/pg_ctl" -D data -m immediate -w -t 30 stop
            kill -s KILL "$pid"
        fi >/dev/null 2>&1
        for group in $(set | sed -n 's/^group_\([0-9]*\)=.*/\1/p'); do kill -s KILL -- "-$group"; done 2>/dev/null
        cd /
        rm -rf "$1"
        """#

    /// The keeper of this process: of its temporary directories and of the programs that it started.
    static let ofProcess = Result {
        try Keeper(directory: makeTemporaryDirectory(prefix: "pgcopy-tests"), programs: nil)
    }

    let directory: String
    /// The shell's.
    let pid: Int32
    /// Whether the shell has ended. A thread waits for that all the time: Swift Testing's exit tests look at whatever
    /// child has ended first, and a zombie nobody waits for hides their own from them for ever.
    private let ended = Monitor(false)
    /// Our end of the socket, and -1 after the end. The lock also keeps question and answer together.
    private let socket: Monitor<Int32>

    /// Starts the keeper of a directory. For a server (whose programs are in `programs`) the directory
    /// becomes its user's own; without one, the keeper only removes it.
    init(directory: String, programs: String?) throws {
        self.directory = directory
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw KitError("socketpair: \(describe())") }
        defer { close(ends[1]) }
        var command = ["/bin/sh", "-c", Self.script, "keeper", directory, programs ?? ""]
        if geteuid() == 0, programs != nil {
            // The server refuses to run as root.
            guard let user = getpwnam("postgres") else {
                close(ends[0])
                throw KitError("run as root, the tests need a user `postgres` to run the server as")
            }
            let (owner, group) = (user.pointee.pw_uid, user.pointee.pw_gid)
            guard chown(directory, owner, group) == 0 else { throw KitError("chown \(directory): \(describe())") }
            command = ["setpriv", "--reuid=\(owner)", "--regid=\(group)", "--init-groups"] + command
        }
        var spawn = Spawn(
            path: try Spawn.find(command[0]),
            arguments: command.map { Array($0.utf8) },
            environment: ["PATH=\(environmentVariable("PATH") ?? "/usr/bin:/bin")", "LC_ALL=C"].map { Array($0.utf8) },
            directory: "/"
        )
        spawn.standard = [ends[1], ends[1], nil]
        spawn.ownSession = true
        do {
            pid = try spawn.start()
            Thread { [pid, ended] in
                _ = Spawn.wait(pid)
                ended.withLock { $0 = true }
            }.detach()
        } catch {
            close(ends[0])
            throw error
        }
        socket = Monitor(ends[0])
        Self.all.withLock { keepers in
            if keepers.isEmpty { atexit { Keeper.endAll() } }
            keepers.append(self)
        }
    }

    /// Runs a command as the cluster's user, its directory being the current one. Throws with what it wrote.
    func run(_ words: [String]) throws {
        let line = words.map(shellQuoted).joined(separator: " ")
        let code = try socket.withLock { socket -> String in
            // MSG_NOSIGNAL: a keeper that was killed is an error, not the end of the tests.
            let bytes = Array((line + "\n").utf8)
            guard send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
                throw KitError("the cluster's keeper is gone: \(describe())")
            }
            var answer: [UInt8] = []
            while answer.last != UInt8(ascii: "\n") {
                guard readSome(socket, into: &answer) > 0 else { throw KitError("the cluster's keeper is gone") }
            }
            return String(decoding: answer.dropLast(), as: UTF8.self)
        }
        guard code == "0" else {
            let log = (try? readFile(directory + "/keeper.log")) ?? []
            throw KitError("exit status \(code): \(line)\n" + String(decoding: log.suffix(3000), as: UTF8.self))
        }
    }

    /// A process group that must not outlive this process.
    func programStarted(_ group: Int32) { try? run(["started", "\(group)"]) }

    /// That group has ended by itself.
    func programEnded(_ group: Int32) { try? run(["ended", "\(group)"]) }

    /// Stops the server, removes the directory, and waits until that is done. Twice does no harm.
    func end() {
        hangUp()
        Self.all.withLock { keepers in
            guard let index = keepers.firstIndex(where: { $0 === self }) else { return }
            keepers.remove(at: index)
            // pg_ctl gives a server 30 seconds.
            _ = ended.wait(until: .after(.seconds(60))) { $0 ? true : nil }
        }
    }

    private func hangUp() {
        socket.withLock {
            if $0 >= 0 { close($0) }
            $0 = -1
        }
    }

    /// The keepers of this process that have not ended: they end with it.
    private static let all = Monitor<[Keeper]>([])

    /// At the exit of this process: all at once, so that nothing is left when `swift test` returns.
    private static func endAll() {
        let keepers = all.withLock { $0 }
        for keeper in keepers { keeper.hangUp() }
        for keeper in keepers { keeper.end() }
    }
}
