// A server that was reached once: what it can do, and the way there again.

/// What a version of PostgreSQL has, each with where it is needed.
struct ServerVersion: Sendable, Hashable {
    /// As libpq gives it: 150018.
    let number: Int

    init(_ number: Int) { self.number = number }

    /// What data directories and standbys are compatible within.
    var major: Int { number / 10_000 }

    /// jit: compiles what it takes for expensive.
    var compilesQueries: Bool { number >= 110_000 }
    /// pg_attribute.attgenerated.
    var hasGeneratedColumns: Bool { number >= 120_000 }
    /// TID Range Scan: a range of ctid is read without the rest.
    var scansBlockRanges: Bool { number >= 140_000 }
    /// hash_record_extended.
    var hashesRows: Bool { number >= 140_000 }
    /// pg_range.rngmultitypid.
    var hasMultiranges: Bool { number >= 140_000 }
    /// pg_locks.waitstart.
    var knowsHowLongLocksWait: Bool { number >= 140_000 }
    /// pg_inherits.inhdetachpending.
    var detachesConcurrently: Bool { number >= 140_000 }
    /// idle_session_timeout.
    var endsIdleSessions: Bool { number >= 140_000 }
    /// COPY's HEADER in text; csv had it before.
    var writesHeaderInText: Bool { number >= 150_000 }
    /// transaction_timeout.
    var endsTransactions: Bool { number >= 170_000 }
    /// The line `\.` of csv is a value; before, it was the end of the data.
    var readsMarkerOfCSVAsValue: Bool { number >= 180_000 }
}

/// A server: how messages name it, what it can do, how to connect to it again.
struct Server: Sendable {
    private let link: ServerLink
    let version: ServerVersion
    /// Of several hosts the one that was reached: elsewhere a backend's number is another one's.
    private let place: [ServerLink.Parameter]

    /// The server behind a connection that was made by the link.
    init(_ link: ServerLink, _ connection: Connection) {
        self.link = link
        version = ServerVersion(connection.serverVersion)
        // A name can stand for several addresses.
        let address = connection.hostAddress
        place =
            connection.host.isEmpty
            ? [] : [("host", connection.host), ("hostaddr", address), ("port", connection.port)]
    }

    var label: String { link.label }

    /// Why there is no further connection, without any password.
    func failure(_ connection: Connection) -> PgcopyError { link.failure(connection) }

    /// How another program connects to this very server, without passwords: what was given, not what is libpq's default.
    var plainParameters: [ServerLink.Parameter] {
        link.plainParameters.filter { !["host", "hostaddr", "port"].contains($0.keyword) }
            + place.filter { !$0.value.isEmpty }
    }

    /// How to connect to this very server again.
    /// - Parameter seconds: a try may take, whatever the user set; nil: as he set it.
    func parameters(waitingUpTo seconds: Int?) -> [ServerLink.Parameter] {
        link.parameters(waitingUpTo: seconds) + (seconds.map { [("connect_timeout", "\($0)")] } ?? []) + place
    }
}

extension Session {
    /// The version of its server.
    var version: ServerVersion { ServerVersion(connection.serverVersion) }
}
