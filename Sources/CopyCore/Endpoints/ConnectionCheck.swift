// Whether libpq can make anything of a connection string, said without quoting it.

/// Refuses what cannot be meant before anybody connects.
struct ConnectionCheck {
    private let conninfo: String
    private let shown: ShownConnection

    /// A check of a URI or a keyword string.
    init(_ conninfo: String) {
        self.conninfo = conninfo
        shown = ShownConnection(conninfo)
    }

    /// Throws what is wrong.
    func check(_ subject: String) throws(PgcopyError) {
        switch ConnectionString.parse(conninfo) {
        case .failure(let complaint):
            throw PgcopyError(.usage, "\(subject) is not a connection string: \(explained(complaint.message))")
        case .success(let parameters):
            // A known address needs no name, so the host can be anything.
            let isNamed = !parameters.contains { $0.keyword == "hostaddr" }
            if shown.hasStrayAt, Endpoint.isURI(conninfo), isNamed {
                throw PgcopyError(.usage, "\(subject) holds an @ too many: in a password or a name it is written %40")
            }
            if !HarmlessValue.isPorts(shown.ports) {
                throw PgcopyError(
                    .usage,
                    Endpoint.isURI(conninfo)
                        ? "\(subject): the port is not a number from 1 to 65535; a password stands before a host: "
                            + "postgresql://USER:PASSWORD@HOST/DATABASE"
                        : "\(subject): the port is not a number from 1 to 65535")
            }
        }
    }

    /// libpq's complaint up to what it quotes, unless that is harmless.
    private func explained(_ complaint: String) -> String {
        let pieces = complaint.split(separator: "\"", omittingEmptySubsequences: false).map(String.init)
        var text = ""
        for (index, piece) in pieces.enumerated() {
            if index.isMultiple(of: 2) {
                text += piece
            } else if ["=", ":", "/", "]"].contains(piece) || Redaction.keywords.contains(piece)
                || shown.shown.contains(piece)
            {
                text += "\"\(piece)\""
            } else {
                // Quotes of the text itself could follow.
                text += Redaction.mark
                break
            }
        }
        if let (word, meant) = shown.misspelt { text += "; \(word) may mean \(meant)" }
        return text
    }
}
