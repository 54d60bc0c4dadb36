// Role: the bridge from async tests to the kit's blocking calls.

/// Runs a blocking call on a thread of its own, so that an async test does not hold one of the few
/// threads that all tests share.
///
///     let result = try await blocking { try Program.pgcopy("transfer", source, "null:").run() }
public func blocking<Answer: Sendable>(_ body: @escaping @Sendable () throws -> Answer) async throws -> Answer {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Result { try body() }) }.detach()
    }
}
