// Role: a Slurm of one machine, for a test's jobs.

import Glibc

/// A Slurm whose only node is this machine: both daemons run as the user who runs the tests, and believe whoever talks
/// to them. It ends with its last reference. Of Debian's packages slurmctld, slurmd, slurm-client.
public final class Slurm: Sendable {
    /// What its programs find it by.
    public let environment: [String: String]
    private let daemons: [RunningProgram]
    private let directory: TemporaryDirectory

    /// Starts one that runs so many jobs at a time.
    public init(jobs: Int) throws {
        directory = try TemporaryDirectory()
        var name = utsname()
        guard uname(&name) == 0, let user = getpwuid(geteuid()) else { throw KitError("who and where: \(describe())") }
        let machine = withUnsafeBytes(of: &name.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        let host = machine.prefix { $0 != "." }
        let me = String(cString: user.pointee.pw_name)
        for folder in ["state", "spool"] {
            guard mkdir(directory.file(folder), 0o700) == 0 else { throw KitError("mkdir \(folder): \(describe())") }
        }
        // Neither cgroups nor another user's help: containers and clones have none.
        let file = try directory.write(
            Array(
                """
                ClusterName=test
                SlurmctldHost=\(host)(127.0.0.1)
                SlurmctldPort=\(Listener.freePort())
                SlurmdPort=\(Listener.freePort())
                SlurmUser=\(me)
                SlurmdUser=\(me)
                AuthType=auth/none
                CredType=cred/none
                MpiDefault=none
                ProctrackType=proctrack/pgid
                TaskPlugin=task/none
                JobAcctGatherType=jobacct_gather/none
                SchedulerParameters=batch_sched_delay=0,sched_interval=1
                SelectType=select/cons_tres
                SelectTypeParameters=CR_CPU
                SlurmdParameters=config_overrides
                StateSaveLocation=\(directory.file("state"))
                SlurmdSpoolDir=\(directory.file("spool"))
                SlurmctldPidFile=\(directory.file("slurmctld.pid"))
                SlurmdPidFile=\(directory.file("slurmd.pid"))
                NodeName=node NodeHostname=\(host) NodeAddr=127.0.0.1 CPUs=\(jobs) State=UNKNOWN
                PartitionName=all Nodes=node Default=YES State=UP

                """.utf8), to: "slurm.conf")
        environment = ["SLURM_CONF": file]
        func start(_ name: String, _ arguments: [String]) throws -> RunningProgram {
            try Self.program(name, ["-D", "-f", file] + arguments).with { $0.timeout = .seconds(600) }.start()
        }
        daemons = [try start("slurmctld", ["-i"]), try start("slurmd", ["-N", "node"])]
        let question = Self.program("sinfo", ["-h", "-o", "%t"]).with {
            $0.environment.merge(["SLURM_CONF": file]) { _, new in new }
        }
        do {
            try eventually("Slurm's node is idle") { try question.run().output == "idle\n" }
        } catch {
            throw KitError("\(error)\n" + daemons.map { $0.text(.errors) }.joined(separator: "---\n"))
        }
    }

    deinit { for daemon in daemons { daemon.kill() } }

    /// Debian's daemons lie where not everybody's PATH goes.
    private static func program(_ name: String, _ arguments: [String]) -> Program {
        Program(name, arguments).with { $0.environment["PATH", default: ""] += ":/usr/sbin" }
    }
}
