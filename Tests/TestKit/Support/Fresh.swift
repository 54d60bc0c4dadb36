// Role: names that no other test of this process uses, whichever module it is in.

import Synchronization

private let namesSoFar = Atomic<Int>(0)

/// A name of a channel, a role, a program: tests share clusters, and roles and application_name do not keep to a
/// database, or, as with NOTIFY, the database is everybody's.
public func freshName(_ prefix: String) -> String {
    "\(prefix) \(namesSoFar.add(1, ordering: .relaxed).newValue)"
}

/// A channel that no other test uses.
public func freshChannel() -> String { freshName("Channel") }
