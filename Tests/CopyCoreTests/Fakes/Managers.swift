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
    /// - Parameter faulted: given the faults of a cycle; whoever it does not reconcile is dropped.
    func rest(_ faulted: (([ReceiverFault]) throws -> Void)? = nil) throws -> Totals {
        var sum = Totals.zero
        while let event = try next() {
            switch event {
            case .moved(let moved): sum += moved
            case .idle: continue
            case .faulted(let faults):
                guard let faulted else { throw Unexpected(faults: described(faults)) }
                try faulted(faults)
                for fault in faults where !receivers.contains(where: { $0 === fault.receiver }) {
                    try drop(fault.receiver)
                }
            }
        }
        return sum
    }

    /// Faults where none were to come.
    struct Unexpected: Error { let faults: [String] }

    /// The rest of the copy reports so much in all.
    func expectRest(_ expected: Totals, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let sum = try rest()
        #expect(sum == expected, sourceLocation: sourceLocation)
    }

    /// The next cycle reports this.
    func expectNext(_ expected: Totals?, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let moved: Totals? =
            switch try next() {
            case .moved(let moved): moved
            case .idle: .zero
            case .faulted(let faults): throw Unexpected(faults: described(faults))
            case nil: nil
            }
        #expect(moved == expected, sourceLocation: sourceLocation)
    }

    var labels: [String] { receivers.map(\.label) }

    /// The faults of the next cycle, which must be one of receivers.
    func nextFaults(sourceLocation: SourceLocation = #_sourceLocation) throws -> [ReceiverFault] {
        guard case .faulted(let faults) = try next() else {
            Issue.record("no fault", sourceLocation: sourceLocation)
            return []
        }
        return faults
    }

    /// Goes on without them.
    func drop(_ faults: [ReceiverFault]) throws { for fault in faults { try drop(fault.receiver) } }

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

/// Faults as text: who and why.
func described(_ faults: [some CustomStringConvertible]) -> [String] { faults.map { "\($0)" } }

extension [ReceiverFault] {
    /// The original error of a receiver, nil when it did not fault.
    subscript(receiver: any Receiver) -> (any Error)? { first { $0.receiver === receiver }?.error }
}

extension StreamRules {
    /// The defaults with some of them changed.
    static func with(_ change: (inout StreamRules) -> Void) -> StreamRules {
        var rules = StreamRules()
        change(&rules)
        return rules
    }
}
