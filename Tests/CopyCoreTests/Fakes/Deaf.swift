// Pollers of tests in which nobody watches beside what is waited for.

@testable import CopyCore

extension Poller {
    func onReadable(_ descriptor: CInt, _ call: (() -> Void)?) {}
    func onTick(every interval: Duration, _ call: (() -> Bool)?) {}
    var companion: (any LoopTask)? {
        get { nil }
        set {}
    }
}
