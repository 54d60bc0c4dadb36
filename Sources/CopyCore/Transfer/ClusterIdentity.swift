// Which server it is, whatever the way to it.

/// What tells one cluster from another; every role may ask for most of it.
struct ClusterIdentity: Sendable, Hashable {
    /// The start of its server to the microsecond.
    var start: String
    /// It replays what another server writes.
    var isInRecovery: Bool
    /// What initdb gave it, and every copy of its files has too; nil where that may not be asked.
    var systemIdentifier: String?
    /// The timeline it writes or replays.
    var timeline: Int?
    /// Not just the newest timeline it has noted down.
    var isTimelineSure = true

    /// What a standby shares with its primary is known.
    var isIdentified: Bool { systemIdentifier != nil && timeline != nil }

    /// How two connections are related.
    enum Relation: Sendable {
        /// Two servers with rows of their own.
        case different
        /// One and the same server, unless it is the living copy of a whole machine: only a lock tells.
        case sameServer
        /// One is a standby of the other, or both are of a third: the rows are the same.
        case sameRows
    }

    /// How it is related to another one. A restored base backup has the same identifier, and starts by itself.
    func relation(to other: ClusterIdentity) -> Relation {
        if let own = systemIdentifier, let its = other.systemIdentifier, own != its { return .different }
        if start == other.start { return .sameServer }
        guard isInRecovery || other.isInRecovery else { return .different }
        // Where it cannot be known they may be the same: that is the one that does harm.
        guard let own = timeline, let its = other.timeline, systemIdentifier != nil, other.systemIdentifier != nil
        else { return .sameRows }
        if own == its { return .sameRows }
        // A standby that is behind a promotion has yet to note it down.
        let mayCatchUp = !isTimelineSure && own < its || !other.isTimelineSure && its < own
        return mayCatchUp ? .sameRows : .different
    }
}
