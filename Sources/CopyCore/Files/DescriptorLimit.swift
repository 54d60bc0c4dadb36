// How many descriptors there may be.

internal import Glibc

/// The process's limit of open descriptors.
enum DescriptorLimit {
    /// Raises it, as far as that is allowed, so that so many more can be open.
    /// - Returns: false: not all of them can be.
    @discardableResult
    static func makeRoom(for count: Int) -> Bool {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return true }
        // What connections, libraries and everything else may need.
        let wanted = rlim_t(count + 256)
        guard limit.rlim_cur < wanted else { return true }
        limit.rlim_cur = min(wanted, limit.rlim_max)
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return limit.rlim_cur == wanted
    }
}
