// Role: the GNU calls that Swift's Glibc module does not show, looked up by name.

import Glibc

/// Calls behind `_GNU_SOURCE`. Without their atomic close-on-exec, a descriptor leaks into whatever
/// another thread happens to start, and a connection that the proxy closed stays open there.
enum GNU {
    typealias Actions = UnsafeMutablePointer<posix_spawn_file_actions_t>

    /// `POSIX_SPAWN_SETSID` of glibc's `<spawn.h>`.
    static let spawnSetsid: Int32 = 0x80

    /// `pipe2`.
    static let pipe2 = symbol("pipe2", as: (@convention(c) (UnsafeMutablePointer<Int32>, Int32) -> Int32).self)

    /// `accept4`.
    static let accept4 = symbol(
        "accept4",
        as: (@convention(c) (Int32, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<socklen_t>?, Int32) -> Int32)
            .self
    )

    /// `posix_spawn_file_actions_addclosefrom_np`.
    static let addCloseFrom = symbol(
        "posix_spawn_file_actions_addclosefrom_np",
        as: (@convention(c) (Actions, Int32) -> Int32).self
    )

    /// `posix_spawn_file_actions_addchdir_np`.
    static let addChdir = symbol(
        "posix_spawn_file_actions_addchdir_np",
        as: (@convention(c) (Actions, UnsafePointer<CChar>) -> Int32).self
    )

    private static func symbol<Function>(_ name: String, as type: Function.Type) -> Function {
        guard let address = dlsym(nil, name) else { fatalError("this C library has no \(name)") }
        return unsafeBitCast(address, to: type)
    }
}
