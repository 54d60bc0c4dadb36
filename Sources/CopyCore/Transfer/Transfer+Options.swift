// Options of the format that can only do harm, refused before anything is connected.

extension Transfer {
    /// Refuses what the servers would refuse late, and what would change values on their way.
    func refuseHarmfulOptions() throws {
        let given = request.options
        if let encoding = given.encoding, !Encoding.isKnown(encoding) {
            throw refusal("--encoding: PostgreSQL knows no encoding \(Echo.quoted(encoding, instead: "of this name"))")
        }
        if readsStream, request.format != .binary, let encoding = given.encoding, Encoding.embedsASCII(encoding) {
            throw refusal(
                "--encoding: a part of a character can look like a backslash or a quote there; "
                    + "iconv -t UTF-8 makes it a stream whose rows are sure")
        }
        if request.skipsHeader, !readsStream {
            throw refusal(
                "--header=skip skips a line of a file or stream; \(request.source.label) is neither")
        }
        if request.allowsEmpty, !request.truncate { throw refusal("--allow-empty is for --truncate") }
        if request.allowsUnterminated, !readsStream {
            throw refusal(
                "--allow-unterminated is for files and streams as the source; \(request.source.label) is neither")
        }
        if request.format == .csv { try refuseMarkerMakers(given) }
        let servers = entries.filter(\.endpoint.isServer)
        guard request.source.isServer, let server = servers.first else { return }
        let streams = entries.filter { !$0.endpoint.isServer && $0.endpoint.kind != .null }
        guard !streams.isEmpty else { return try refuseStreamOptions(given) }
        // Text has one way to write a value, and what stands for NULL is read before escapes are.
        if request.format != .csv, let null = given.null, !Self.isUnmistakable(null) {
            throw refusal(
                "--null \(Echo.quoted(null)): in text a value is written so, too, and \(server.label) would take it for NULL; "
                    + "--format=csv tells them apart")
        }
    }

    /// Refuses csv in which a row can be the line `\.`: servers up to 17 look for it before they look for anything else.
    private func refuseMarkerMakers(_ given: CopyOptions) throws {
        for (name, text) in [("--delimiter", given.delimiter), ("--quote", given.quote)] {
            guard let byte = text?.utf8.first, CopyOptions.canMakeMarker(byte) else { continue }
            throw refusal("\(name): \(Echo.quoted(text ?? "")) could make the end-of-data marker of a row")
        }
    }

    /// Between servers rows are in nobody's file: there is nothing to shape.
    private func refuseStreamOptions(_ given: CopyOptions) throws {
        let shapes: [(name: String, isGiven: Bool)] = [
            ("--header", given.header), ("--delimiter", given.delimiter != nil), ("--null", given.null != nil),
            ("--quote", given.quote != nil), ("--escape", given.escape != nil),
        ]
        guard let shape = shapes.first(where: \.isGiven) else { return }
        throw refusal("\(shape.name) is for files and streams; between servers it could only change values")
    }

    /// Whether COPY writes no value of the text format as this: a backslash before a letter it does not escape so.
    static func isUnmistakable(_ null: String) -> Bool {
        var bytes = Array(null.utf8)[...]
        while let byte = bytes.popFirst() {
            guard byte == UInt8(ascii: "\\"), let letter = bytes.popFirst() else { continue }
            if !"bfnrtv\\".utf8.contains(letter) { return true }
        }
        return false
    }

    private func refusal(_ why: String) -> TransferRefusal { TransferRefusal(why, isUsageError: true) }

    // MARK: The columns of a query

    /// A query's columns under the names that --columns gives them.
    func queryColumns(_ columns: [(name: String, type: UInt32)]) throws -> [(name: String, type: UInt32)] {
        guard let names = request.columns else { return columns }
        guard names.count == columns.count else {
            throw refusal("the query gives \(columns.count) columns, --columns names \(names.count)")
        }
        return zip(names, columns).map { ($0, $1.type) }
    }
}
