// The header line of a file or stream: its names decide what is planned.

extension Transfer {
    /// Reads the header line. Called before anything else that waits, since only its writer knows when it comes.
    func readHead() throws -> StreamHead? {
        guard request.readsStream, request.options.header, !request.isDryRun || source.endpoint.isFile else {
            return nil
        }
        return try atSource {
            let source = try openStream(of: givenTable())
            do {
                return try StreamHead(
                    source, layout: requestedLayout, rules: TablePlanner.streamRules(request), timeout: request.timeout,
                    poller: poller)
            } catch let error as PgcopyError where error.code == .input {
                // How a program ended is the better reason, where it did.
                try source.program?.wait(until: poller.now + request.grace)
                throw source.program?.failure ?? error
            }
        }
    }

    /// The names in it, where they count.
    func headerNames(_ head: StreamHead?) throws -> [String]? {
        guard let line = head?.line, !request.skipsHeader,
            let session = active.lazy.compactMap(\.session).first
        else { return nil }
        return try atSource { try headerNames(line, session) }
    }

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
            let delimiter = given.delimiter?.utf8.first ?? UInt8(ascii: "\t")
            names = try wellFormed { try TextRow.decodeBytes(line, delimiter: delimiter) }
                .map { $0 ?? Array("\\N".utf8) }
        }
        guard names != [[]] else { throw PgcopyError(.refused, "the header line is empty") }
        return try decoded(names, session)
    }

    /// Names in the encoding of the stream as text; the server knows its encodings best.
    private func decoded(_ names: [[UInt8]], _ session: Session) throws -> [String] {
        let isASCII = names.allSatisfy { $0.allSatisfy { $0 < 0x80 } }
        if let encoding = request.options.encoding, !isASCII, !Encoding.areSame(encoding, "UTF8"),
            !Encoding.areSame(encoding, "SQL_ASCII")
        {
            let sql = """
                SELECT pg_catalog.convert_from(pg_catalog.decode(n.hex, 'hex'), $2) \
                FROM pg_catalog.unnest($1::pg_catalog.text[]) WITH ORDINALITY n(hex, place) ORDER BY n.place
                """
            let result = try session.query(sql, [arrayLiteral(names.map(hex)), encoding], timeout: request.timeout)
            return (0..<result.rowCount).map { result.value($0, 0) ?? "" }
        }
        return try names.map { name in
            let takesAnything = session.connection.parameterStatus("server_encoding") == "SQL_ASCII"
            guard takesAnything || String(validating: name, as: UTF8.self) != nil else {
                throw PgcopyError(.refused, "the header line is not valid UTF-8; --encoding says what it is")
            }
            return RawText.decoding(name)
        }
    }

    private func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    // MARK: What connections say

    /// Servers before 15 write a header line in csv only.
    func refuseMissingHeader() throws {
        guard request.options.header, request.format != .csv, let session = source.session,
            !session.version.writesHeaderInText
        else { return }
        throw PgcopyError(
            .usage, "--header in text format needs PostgreSQL 15 at the source; --format=csv has it",
            endpoint: session.label)
    }

    /// A client_encoding that somebody gave is meant for the stream; sessions speak another one.
    func refuseGivenEncoding() throws {
        let writesStream = request.destinations.contains { !$0.isServer && $0.kind != .null }
        guard request.readsStream || writesStream, request.format != .binary, request.options.encoding == nil else {
            return
        }
        for session in request.readsStream ? destinations.map(\.session) : [source.session] {
            guard let session, let encoding = session.connection.parameterStatus("client_encoding"),
                !Encoding.areSame(encoding, "UTF8"), session.connection.isGiven("client_encoding")
            else { continue }
            throw PgcopyError(
                .usage,
                "client_encoding is \(encoding), but files and streams are in UTF8 where --encoding does not say "
                    + "otherwise: --encoding=\(encoding) or --encoding=UTF8", endpoint: session.label)
        }
    }

    /// A server that knows its encoding would give its bytes as those of none, and another take them for its own.
    func refuseEncodingOfNone() throws {
        guard let encoding = request.options.encoding, Encoding.areSame(encoding, "SQL_ASCII"),
            active.contains(where: \.endpoint.isServer),
            let own = source.session?.connection.parameterStatus("server_encoding"), own != "SQL_ASCII"
        else { return }
        throw PgcopyError(
            .usage,
            "--encoding=\(encoding) between servers says that the source's bytes are in no known encoding; "
                + "\(request.source.label) is in \(own)")
    }

    /// As the stream's rows lie: known before anything is planned.
    private var requestedLayout: RowLayout {
        var options = request.options
        options.format = request.format ?? .text
        return options.layout
    }
}
