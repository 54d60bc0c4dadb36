// Role: waiting for a condition that nobody announces (a backend that is gone, a file that appears).

import Glibc

/// Looks every few milliseconds until `condition` holds; throws with `what` after `timeout`.
///
/// For events that can be waited for (output of a program, a fault of the proxy) wait for those.
public func eventually(_ what: String, within timeout: Duration = .seconds(30), _ condition: () throws -> Bool) throws {
    let deadline = Deadline.after(timeout)
    while try !condition() {
        guard !deadline.hasPassed else { throw KitError("waited \(timeout) in vain: \(what)") }
        usleep(10_000)
    }
}
