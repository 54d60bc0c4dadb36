// One producer after the other, as one.

/// Produces the rows of one part after the other, each by a producer of its own that is entered when the one before has ended.
final class SerialProducer: PartProducer {
    let label: String
    /// What flows.
    let track: PartTrack
    private(set) var totals = Totals.zero

    private let next: () -> Part?
    private let make: (Part) throws -> any Producer
    /// The one at work, or the last one.
    private var current: (any Producer)?
    /// Rows of those before.
    private var rowsBefore: [Int?] = []
    private var isEntered = false
    private var isDone = false
    /// Messages that are no rows and are yet to be left out; rows that are yet to be told.
    private var trailers = 0
    private var owed = 0

    /// - Parameters:
    ///   - next: the next part to copy; nil: there is none left.
    ///   - make: what produces a part's rows; called when it is its turn.
    init(
        label: String, _ track: PartTrack, next: @escaping () -> Part?, make: @escaping (Part) throws -> any Producer
    ) {
        self.label = label
        self.track = track
        self.next = next
        self.make = make
    }

    var layout: RowLayout { track.parts.first?.layout ?? .text }

    func enter() throws -> Step {
        if current == nil, !(try begin()) { throw PgcopyError(.misuse, "there is nothing to copy") }
        return try enterCurrent()
    }

    /// False: there is no part left.
    private func begin() throws -> Bool {
        guard let part = next() else {
            track.complete()
            return false
        }
        track.begin(part)
        if let current { rowsBefore.append(Self.rows(of: current)) }
        current = try attributed { try make(part) }
        isEntered = false
        return true
    }

    private func enterCurrent() throws -> Step {
        guard !isEntered, let current else { return .done }
        let step = try attributed { try current.enter() }
        if step == .done {
            isEntered = true
            trailers += track.parts.last?.messagesWithoutRow ?? 0
        }
        return step
    }

    func fill(_ space: inout MutableRawSpan) throws -> Filled {
        while !isDone {
            if case .waiting(let interest) = try enterCurrent() { return .blocked(interest) }
            guard let current else { throw PgcopyError.notEntered }
            switch try attributed({ try current.fill(&space) }) {
            case .moved(var moved, let blocked):
                // A trailer is a message and no row.
                let leftOut = min(trailers, moved.messages)
                trailers -= leftOut
                moved.messages += owed - leftOut
                owed = 0
                totals += moved
                return .moved(moved, blocked: blocked)
            case .blocked(let interest): return .blocked(interest)
            case .ended(let last):
                // What only the end has counted is told with what comes next.
                owed += last.messages
                track.end(at: totals.bytes)
                if try begin() { continue }
                isDone = true
                let rest = Totals(messages: owed)
                totals += rest
                return .ended(rest)
            }
        }
        throw PgcopyError.notEntered
    }

    /// Which part it was is said where the server does not.
    private func attributed<R>(_ body: () throws -> R) throws -> R {
        try track.parts.last?.attributed(body) ?? body()
    }

    /// Rows that servers counted, part by part; nil where none did.
    var rows: [Int?] { rowsBefore + (current.map { [Self.rows(of: $0)] } ?? []) }

    private static func rows(of producer: any Producer) -> Int? {
        rowCount(ofTag: (producer as? StatementProducer)?.commandTag)
    }

    func realign() throws -> Step { try current?.realign() ?? .done }
    func abandon() { current?.abandon() }
    func inquire() throws -> Inquiry? { try current?.inquire() }
}
