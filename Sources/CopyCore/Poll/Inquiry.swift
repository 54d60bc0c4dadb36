// A question about what is waited for, asked beside it.

/// Asks whether something is at work, and takes its time; nobody else waits for it.
public final class Inquiry: LoopTask {
    /// How far it is.
    enum Turn {
        case waiting(Interest)
        case answered(Bool)
    }

    private let ask: () throws -> Turn
    private var waitsFor: Interest?
    /// Nil: it was not answered yet.
    private(set) var answer: Result<Bool, any Error>?

    /// - Parameter ask: called until it gives the answer, or fails.
    init(_ ask: @escaping () throws -> Turn) { self.ask = ask }

    /// Goes on with it.
    public func step(_ polled: ArraySlice<PollEntry>) {
        guard answer == nil else { return }
        do {
            switch try ask() {
            case .waiting(let interest): waitsFor = interest
            case .answered(let isAtWork): answer = .success(isAtWork)
            }
        } catch {
            answer = .failure(error)
        }
    }

    /// What its answer comes by.
    public func watch(_ entries: inout [PollEntry]) -> Bool {
        guard answer == nil, let waitsFor else { return false }
        entries.append(PollEntry(waitsFor))
        return true
    }
}

extension Poller {
    /// Waits for the answer, where nothing else is to go on.
    func answer(of inquiry: Inquiry) throws -> Bool {
        try run([inquiry])
        return try inquiry.answer?.get() ?? false
    }
}
