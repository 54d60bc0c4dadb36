// Pollers of tests that have no programs.

@testable import CopyCore

extension Poller {
    func onReadable(_ descriptor: CInt, _ call: (() -> Void)?) {}
}
