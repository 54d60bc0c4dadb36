// The source of a transfer, whatever it is.

/// What gives the rows.
struct Source {
    /// Its session, where a server is behind it.
    var session: Session?
    /// The table, where it is one.
    var table: TableShape?
    /// The columns' names and types, where they are known.
    var columns: [(name: String, type: UInt32)]?
    /// The COPY statement with these options, where a server is behind it.
    var copySQL: ((CopyOptions) -> String)?
    /// What produces them, once opened.
    var producer: (any Producer)?
    /// Keeps a descriptor open.
    var file: OpenFile?

    /// Rows the server counted; nil where none did.
    var rows: Int? { rowCount(ofTag: (producer as? StatementProducer)?.commandTag) }
}
