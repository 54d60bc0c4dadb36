// Role: a fault that waits for its moment, and what all parts of a proxy share.

/// A fault, armed.
struct ArmedFault {
    let id: Int
    let fault: Fault
    let direction: Direction
    let trigger: Trigger
    /// The direction in which the trigger is looked for.
    let watched: Direction
    let choice: ConnectionChoice
    /// On how many more connections it may happen.
    var timesLeft: Int
}

/// The state of a proxy, under its lock.
struct ProxyState {
    var armed: [ArmedFault] = []
    var nextID = 0
    var fired = 0
    var counters = ProxyCounters()
    var delays: [Direction: Duration] = [:]
    var connections: [ProxyConnection] = []
    /// The number that the next connection gets.
    var nextNumber = 0
    /// New connections are refused.
    var refuses = false
    var isStopped = false

    /// Takes a fault off the list for one connection.
    mutating func use(_ id: Int) {
        guard let index = armed.firstIndex(where: { $0.id == id }) else { return }
        fired += 1
        armed[index].timesLeft -= 1
        if armed[index].timesLeft <= 0 { armed.remove(at: index) }
    }
}
