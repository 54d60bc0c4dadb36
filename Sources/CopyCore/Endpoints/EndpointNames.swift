// What messages can call an endpoint, and which of it tells those of one run apart.

/// The names of an endpoint, from the shortest to what is written.
struct EndpointNames: Sendable, Hashable {
    /// Without the table; the last one is as written, without secrets. At least one.
    let candidates: [String]
    /// `#` and the table's name as written, where one is.
    let table: String
    /// Who is to log in where, as far as that may be shown: `user bob at host:port/database`.
    let login: String

    init(_ candidates: [String], table: String = "", login: String? = nil) {
        self.candidates = candidates
        self.table = table
        self.login = login ?? candidates[0]
    }

    /// The names of a server's endpoint.
    init(server endpoint: String) {
        let (conninfo, table) = Endpoint.splitTable(Array(endpoint.utf8))
        let name = String(decoding: conninfo, as: UTF8.self)
        let written = Redaction.connection(name)
        let tableText =
            table == nil ? "" : written.hidesTable ? "#" + Redaction.mark : endpoint.dropFirstBytes(conninfo.count)
        guard written.isWhole, Endpoint.isURI(name) || Endpoint.isKeywordString(name) else {
            self.init([written.shown], table: tableText)
            return
        }
        let label = ConnectionLabel(ShownConnection(name).values)
        self.init(
            [label.place, label.placeOfUser].compactMap { $0 } + [written.shown], table: tableText, login: label.login)
    }
}

extension Endpoint {
    /// Labels that tell the endpoints of one run apart, as short as that can be.
    public static func toldApart(_ endpoints: [Endpoint]) -> [Endpoint] {
        toldApart(endpoints, tables: endpoints.map { _ in nil })
    }

    /// - Parameter tables: for each the table that it gets where it names none itself.
    static func toldApart(_ endpoints: [Endpoint], tables: [SQLName?]) -> [Endpoint] {
        var endpoints = endpoints
        var levels = endpoints.map { _ in 0 }
        func name(_ place: Int) {
            let endpoint = endpoints[place]
            let table = endpoint.isServer && endpoint.names.table.isEmpty ? tables[place].map { "#" + $0.plain } : nil
            endpoints[place].label = endpoint.names.candidates[levels[place]] + (table ?? endpoint.names.table)
        }
        for place in endpoints.indices { name(place) }
        while true {
            let namesakes = Dictionary(grouping: endpoints.indices) { endpoints[$0].label }.values.filter { places in
                places.contains { endpoints[$0].kind != endpoints[places[0]].kind }
            }
            let longer = namesakes.joined().filter { levels[$0] + 1 < endpoints[$0].names.candidates.count }
            guard !longer.isEmpty else { break }
            for place in longer {
                levels[place] += 1
                name(place)
            }
        }
        number(&endpoints)
        return endpoints
    }

    /// Of some hardly anything may be shown: those of one label are told apart by a number.
    private static func number(_ endpoints: inout [Endpoint]) {
        var namesakes: [String: [Kind]] = [:]
        for (place, endpoint) in endpoints.enumerated() {
            // Bytes that are no text are shown alike, whatever they are.
            let shown = RawText.shown(endpoint.label)
            let others = namesakes[shown, default: []]
            namesakes[shown] = others + [endpoint.kind]
            let differs: Bool =
                switch endpoint.kind {
                case .program: true
                case .server, .file: others.contains { $0 != endpoint.kind }
                case .standardStream, .null: false
                }
            if differs, !others.isEmpty { endpoints[place].label += " (\(others.count + 1))" }
        }
    }
}
