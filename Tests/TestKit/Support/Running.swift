// Role: whether a process is there.

import Glibc

/// Not gone and no zombie either: nobody may be there to wait for a process without parents.
public func isRunning(_ pid: Int32) -> Bool {
    guard let file = fopen("/proc/\(pid)/cmdline", "r") else { return false }
    defer { fclose(file) }
    return fgetc(file) != EOF
}
