// What a process has started, whatever group it is in: as /proc tells it.

internal import Glibc

/// Processes and their parents at some moment; empty where there is no /proc.
struct ProcessTree {
    /// A process; its number may be another's later, but not with its start.
    struct Member: Hashable, Sendable {
        var pid: pid_t
        /// In ticks since the machine's.
        var start: UInt64
    }

    private struct Entry {
        var member: Member
        var parent: pid_t
        var group: pid_t
        var isZombie: Bool
    }

    private var entries: [pid_t: Entry] = [:]

    /// As it is now.
    init() {
        guard let folder = unsafe opendir("/proc") else { return }
        defer { unsafe closedir(folder) }
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
            }
            if let pid = pid_t(name), let read = Self.read(pid) { entries[pid] = read }
        }
    }

    /// Those that are left of some groups, or of those that some processes have started; these themselves, too.
    func living(inGroups groups: Set<pid_t>, from roots: Set<Member>) -> Set<Member> {
        var children: [pid_t: [pid_t]] = [:]
        for (pid, entry) in entries { children[entry.parent, default: []].append(pid) }
        var found: Set<pid_t> = []
        var next = entries.values.filter { groups.contains($0.group) || roots.contains($0.member) }.map(\.member.pid)
        while let pid = next.popLast() { if found.insert(pid).inserted { next += children[pid] ?? [] } }
        return Set(found.compactMap { entries[$0] }.filter { !$0.isZombie }.map(\.member))
    }

    /// Sends a signal to a process, unless its number is another's by now.
    static func signal(_ member: Member, _ number: CInt) {
        if read(member.pid)?.member == member { kill(member.pid, number) }
    }

    /// proc(5): /proc/PID/stat. The name, in parentheses, may hold anything.
    private static func read(_ pid: pid_t) -> Entry? {
        let file = unsafe open("/proc/\(pid)/stat", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe Glibc.read(file, $0.baseAddress!, $0.count) }
        guard count > 0, let end = bytes[..<count].lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let words = bytes[(end + 1)..<count].split(separator: UInt8(ascii: " "))
        func number(_ index: Int) -> UInt64? {
            index < words.count ? UInt64(String(decoding: words[index], as: UTF8.self)) : nil
        }
        guard let parent = number(1), let group = number(2), let start = number(19) else { return nil }
        return Entry(
            member: Member(pid: pid, start: start), parent: pid_t(parent), group: pid_t(truncatingIfNeeded: group),
            isZombie: "ZX".utf8.contains(words[0].first ?? 0))
    }
}
