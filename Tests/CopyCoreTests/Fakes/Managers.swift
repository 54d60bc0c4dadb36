// Short ways to a manager under test.

import CopyCore
import Testing

extension CopySettings {
    /// The defaults with some of them changed.
    static func with(_ change: (inout CopySettings) -> Void) -> CopySettings {
        var settings = CopySettings()
        change(&settings)
        return settings
    }

    /// A ring and chunks of so many bytes.
    static func buffer(_ bytes: Int) -> CopySettings {
        with {
            $0.buffer = bytes
            $0.chunk = bytes
        }
    }
}

extension CopyManager {
    /// Iterates to the end and adds up what the cycles report.
    func rest() throws -> Totals {
        var sum = Totals.zero
        while let moved = try next() { sum += moved }
        return sum
    }

    /// The rest of the copy reports so much in all.
    func expectRest(_ expected: Totals, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let sum = try rest()
        #expect(sum == expected, sourceLocation: sourceLocation)
    }

    /// The next cycle reports this.
    func expectNext(_ expected: Totals?, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let moved = try next()
        #expect(moved == expected, sourceLocation: sourceLocation)
    }

    var labels: [String] { receivers.map(\.label) }

    /// The fault of the next cycle, which must be one of receivers.
    func nextFault(sourceLocation: SourceLocation = #_sourceLocation) throws -> ReceiverFault {
        try #require(throws: ReceiverFault.self, sourceLocation: sourceLocation) { try self.next() }
    }

    /// The failure that leaving ends in.
    func failure(
        leaving cause: (any Error)? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> CopyFail {
        try #require(throws: CopyFail.self, sourceLocation: sourceLocation) { try self.leave(cause) }
    }
}

/// The failure of a copy that has one.
func copyFailure<R>(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> R
) throws -> CopyFail {
    try #require(throws: CopyFail.self, sourceLocation: sourceLocation) { _ = try body() }
}

/// A fault as text: who and why.
func described(_ faults: [(receiver: any Receiver, error: any Error)]) -> [String] {
    faults.map { "\($0.receiver.label): \($0.error)" }
}

extension StreamRules {
    /// The defaults with some of them changed.
    static func with(_ change: (inout StreamRules) -> Void) -> StreamRules {
        var rules = StreamRules()
        change(&rules)
        return rules
    }
}
