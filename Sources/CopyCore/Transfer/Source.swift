// The source of a transfer, whatever it is.

/// What gives the rows.
struct Source {
    /// What produces them.
    let producer: any Producer
    /// Its session, where a server is behind it.
    let session: Session?
    /// The columns' names, where they are known.
    let columns: [String]?
    /// The table, where it is one.
    let table: TableShape?
    /// Keeps a descriptor open.
    let file: OpenFile?

    /// Rows the server counted; nil where none did.
    var rows: Int? { rowCount(ofTag: (producer as? StatementProducer)?.commandTag) }
}
