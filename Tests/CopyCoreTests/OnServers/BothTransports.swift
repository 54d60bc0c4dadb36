// Every test of a suite over both ways to speak COPY.

import CopyCore
import Testing

/// Runs each test twice: on the wire itself, and by libpq's own calls. An issue says which it was.
struct BothTransports: SuiteTrait, TestTrait, TestScoping {
    let isRecursive = true

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        for transport in TransportChoice.allCases {
            let naming = IssueHandlingTrait.compactMapIssues { issue in
                var issue = issue
                issue.comments.append("over \(transport)")
                return issue
            }
            try await Stage.$transport.withValue(transport) {
                try await naming.provideScope(for: test, testCase: testCase, performing: function)
            }
        }
    }
}

extension Trait where Self == BothTransports {
    /// Each test runs on the wire itself, then by libpq's own calls.
    static var overBothTransports: Self { BothTransports() }
}
