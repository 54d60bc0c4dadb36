// Role: what one run cost.

import TestKit

/// One run of one contender.
struct Sample {
    /// Seconds from start to end.
    let wall: Double
    /// Seconds of user and system time of all its processes.
    let cpu: Double
    /// Bytes its largest process held.
    let peak: Int

    /// What a program that ended had cost.
    init(_ result: ProgramResult) {
        wall = result.duration.seconds
        cpu = (result.userTime + result.systemTime).seconds
        peak = result.peakMemory
    }
}

extension Duration {
    /// As a number.
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
