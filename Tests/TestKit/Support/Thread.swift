// Role: a thread of our own, so that nothing of the kit waits on Swift's small thread pool.

import Glibc

/// A POSIX thread that runs one closure.
final class Thread: Sendable {
    private let id: pthread_t

    /// Starts running `body`.
    init(_ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Box(body))
        var id = pthread_t()
        let code = pthread_create(
            &id, nil,
            { raw in
                Unmanaged<Box>.fromOpaque(raw!).takeRetainedValue().body()
                return nil
            }, box.toOpaque())
        guard code == 0 else { fatalError("pthread_create: \(describe(code))") }
        self.id = id
    }

    /// Waits for its end. Call this or `detach`, once.
    func join() { pthread_join(id, nil) }

    /// Leaves it to end by itself.
    func detach() { pthread_detach(id) }

    private final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
