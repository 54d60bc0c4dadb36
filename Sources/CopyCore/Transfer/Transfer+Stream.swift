// Files and streams as sources: their header line, how their end is looked at, how many rows there have to be.

extension Transfer {
    /// Whether the rows come from a file or a stream.
    var readsStream: Bool {
        switch request.source.kind {
        case .standardStream, .file: true
        case .server, .null: false
        }
    }

    // MARK: The header line

    /// Reads the header line of a file or stream: its names decide what is planned. Called before anything else
    /// that waits, since only its writer knows when it comes.
    func readHead() throws {
        guard readsStream, request.options.header else { return }
        failingLabel = request.source.label
        streamHead = try StreamHead(
            openStreamFile(), layout: requestedLayout, rules: streamRules(), poller: poller)
        failingLabel = nil
    }

    /// A source that is no server: its columns are known where its header line names them.
    func headedSource() throws -> Source {
        guard let line = streamHead?.line, !request.skipsHeader, let session = anyDestinationSession else {
            return Source()
        }
        let names = try headerNames(line, session)
        if let wanted = request.columns, !wanted.elementsEqual(names, by: isSameName) {
            func list(_ names: [String]) -> String { names.map(quoteIdentifier).joined(separator: ", ") }
            throw TransferRefusal(
                "the header names the columns \(list(names)), --columns \(list(wanted)); "
                    + "--header=skip goes by --columns", isUsageError: true)
        }
        return Source(columns: names.map { ($0, 0) })
    }

    private var anyDestinationSession: Session? { entries.first { $0.isActive && $0.session != nil }?.session }

    /// The names of a header line, as the catalogs have them.
    private func headerNames(_ line: [UInt8], _ session: Session) throws -> [String] {
        let given = request.options
        // Some programs begin UTF-8 with a mark; it is no part of the first name.
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let line = line.starts(with: mark) ? Array(line.dropFirst(mark.count)) : line
        let names: [[UInt8]]
        if case .csv(let quote, let escape) = requestedLayout {
            names = CSVRow.decodeBytes(
                line, delimiter: given.delimiter?.utf8.first ?? UInt8(ascii: ","), quote: quote, escape: escape)
        } else {
            let line = Array(line.withoutLineEnd)
            names = try TextRow.decodeBytes(line, delimiter: given.delimiter?.utf8.first ?? UInt8(ascii: "\t"))
                .map { $0 ?? Array("\\N".utf8) }
        }
        guard names != [[]] else { throw TransferRefusal("the header line is empty") }
        return try decoded(names, session)
    }

    /// Names in the encoding of the stream as text; the server knows its encodings best.
    private func decoded(_ names: [[UInt8]], _ session: Session) throws -> [String] {
        let isASCII = names.allSatisfy { $0.allSatisfy { $0 < 0x80 } }
        if let encoding = request.options.encoding, !isASCII, !Encoding.areSame(encoding, "UTF8"),
            !Encoding.areSame(encoding, "SQL_ASCII")
        {
            return try names.map { name in
                let sql = "SELECT pg_catalog.convert_from(pg_catalog.decode($1, 'hex'), $2)"
                return try session.query(sql, [hex(name), encoding], within: request.timeout).value(0, 0) ?? ""
            }
        }
        return try names.map { name in
            let takesAnything = session.connection.parameterStatus("server_encoding") == "SQL_ASCII"
            guard takesAnything || String(validating: name, as: UTF8.self) != nil else {
                throw TransferRefusal("the header line is not valid UTF-8; --encoding says what it is")
            }
            return RawText.decoding(name)
        }
    }

    private func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    /// Files and stdout get the header line of the stream that the rows come from. Servers do without: its names are
    /// their list of columns.
    func passHeaderOn() {
        guard let line = streamHead?.line else { return }
        for entry in entries { (entry.destination?.receiver as? ByteStreamReceiver)?.preamble = line }
    }

    /// Servers before 15 write a header line in csv only.
    func refuseMissingHeader() throws {
        guard request.options.header, request.format != .csv, let session = sourceSession,
            session.connection.serverVersion < 150_000
        else { return }
        failingLabel = session.label
        throw TransferRefusal(
            "--header in text format needs PostgreSQL 15 at the source; --format=csv has it", isUsageError: true)
    }

    // MARK: The encoding

    /// A client_encoding that somebody gave is meant for the stream; sessions speak another one.
    func refuseGivenEncoding() throws {
        let writesStream = entries.contains { !$0.endpoint.isServer && $0.endpoint.kind != .null }
        guard readsStream || writesStream, request.format != .binary, request.options.encoding == nil else { return }
        for session in readsStream ? entries.map(\.session) : [sourceSession] {
            guard let session, let encoding = session.connection.parameterStatus("client_encoding"),
                !Encoding.areSame(encoding, "UTF8"), isGivenEncoding(session.connection)
            else { continue }
            failingLabel = session.label
            throw TransferRefusal(
                "client_encoding is \(encoding), but files and streams are in UTF8 where --encoding does not say "
                    + "otherwise: --encoding=\(encoding) or --encoding=UTF8",
                isUsageError: true)
        }
    }

    private func isGivenEncoding(_ connection: Connection) -> Bool {
        // As servers read the names of settings there.
        let options = connection.given("options").lowercased().replacing("\\", with: "").replacing("-", with: "_")
        return !connection.given("client_encoding").isEmpty || options.contains("client_encoding")
    }

    // MARK: The rows

    /// Opens the file or stream, or goes on behind its header line.
    func openStream() throws -> any Producer {
        let (layout, label) = (options.layout, request.source.label)
        if let streamHead {
            return ByteStreamProducer(behind: streamHead, layout: layout, rules: streamRules(), label: label)
        }
        guard let file = try openStreamFile() else {
            return ByteStreamProducer(0, layout: layout, rules: streamRules(), label: label)
        }
        source?.file = file
        return ByteStreamProducer(file.descriptor, layout: layout, rules: streamRules(), label: label)
    }

    /// Nil: stdin.
    private func openStreamFile() throws -> OpenFile? {
        guard case .file(let path) = request.source.kind else { return nil }
        return try OpenFile.reading(path, poller, patience(request.source.label, "the pipe's writer"))
    }

    /// As the stream's rows lie: known before anything is planned.
    private var requestedLayout: RowLayout {
        var options = request.options
        options.format = request.format ?? .text
        return options.layout
    }

    /// The line `\.` of csv is the end where that is sure: it can be no row, and every server takes it so.
    private func streamRules() -> StreamRules {
        var rules = StreamRules()
        rules.allowsUnterminated = request.allowsUnterminated
        rules.csvMarker = .end
        for entry in entries where entry.isActive {
            guard let plan = entry.plan else { continue }
            let columns = plan.columns?.count ?? plan.table.columns.count { !$0.isGenerated }
            let version = entry.session?.connection.serverVersion ?? 0
            if columns == 1 || version >= 180_000 { rules.csvMarker = .refused }
        }
        return rules
    }

    // MARK: How many there are

    /// Messages that are no row: the trailer of the binary format, the header line a server writes.
    var messagesWithoutRow: Int { options.format == .binary || options.header && request.source.isServer ? 1 : 0 }

    /// Refuses any other number of rows than the one that was expected.
    func checkRowCount() throws {
        guard let expected = request.expectedRows else { return }
        guard rowsOfSource == expected else { throw UnexpectedRowCount(rows: rowsOfSource, expected: expected) }
    }

    /// How many rows the source gave, whatever became of them.
    var rowsOfSource: Int {
        source?.rows ?? max(0, (manager?.producer.totals.messages ?? 0) - messagesWithoutRow)
    }
}

/// The source gave another number of rows than it had to.
struct UnexpectedRowCount: Error, CustomStringConvertible {
    let rows: Int
    let expected: Int

    var description: String {
        "\(rows) \(rows == 1 ? "row" : "rows") came, \(expected) were expected; nothing was committed"
    }
}
