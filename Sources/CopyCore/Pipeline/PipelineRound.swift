// Several sessions asked side by side, each in one round trip.

/// Runs parts together: the time of all is that of the slowest.
enum PipelineRound {
    /// How long what is stopped may take before its connection is closed.
    private static let grace = 1.0

    /// Sends every part and waits until all are answered; what came of each it says itself.
    ///
    /// As if they were sent in their order: once a vital part has failed and every vital one before it has succeeded
    /// the rest is stopped.
    /// - Parameter pipelined: false where libpq knows no pipelines: then they are sent one after the other.
    /// - Throws: `Interrupted`, after everything was cancelled.
    static func run(_ parts: [PipelinePart], pipelined: Bool = Pipeline.isSupported) throws {
        guard pipelined else {
            for part in parts {
                try part.sendOneByOne()
                if part.isVital, part.failure != nil, !part.isAskedAgain() { return }
            }
            return
        }
        var joined: [PipelinePart] = []
        for part in parts {
            do {
                try part.session.requireIdle()
                joined.append(part)
            } catch {
                part.fail(error)
            }
        }
        guard !joined.isEmpty else { return }
        // Each part knows its own errors.
        _ = try PipelineGroup.perform(joined.map(\.session), grace: grace) { group in
            for (part, pipeline) in zip(joined, group.pipelines) { part.send(by: pipeline) }
            let isAnswered = { group.pipelines.allSatisfy(\.isSynchronized) }
            try group.wait { isAnswered() || decided(parts) != nil }
            if let first = decided(parts) {
                for (part, pipeline) in zip(joined, group.pipelines) where part !== first {
                    pipeline.stop(because: nil, within: grace)
                }
            }
            try group.wait { isAnswered() }
            for (part, pipeline) in zip(joined, group.pipelines) { part.take(pipeline.watch.reason) }
        }
    }

    /// The part whose failure is what is told, whatever comes of the others.
    private static func decided(_ parts: [PipelinePart]) -> PipelinePart? {
        let first = parts.first { $0.isVital && !$0.hasSucceeded && !$0.isAskedAgain() }
        return first?.failure == nil ? nil : first
    }
}
