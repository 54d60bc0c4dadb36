// Options of the format that can only do harm, refused before anything is connected.

extension Transfer {
    /// Refuses what the servers would refuse late, and what would change values on their way.
    func refuseHarmfulOptions() throws {
        let given = request.options
        if let encoding = given.encoding, !Encoding.isKnown(encoding) {
            throw refusal("--encoding: PostgreSQL knows no encoding \(Echo.quoted(encoding, instead: "of this name"))")
        }
        if request.readsStream, request.format != .binary, let encoding = given.encoding, Encoding.embedsASCII(encoding)
        {
            throw refusal(
                "--encoding: a part of a character can look like a backslash or a quote there; "
                    + "iconv -t UTF-8 makes it a stream whose rows are sure")
        }
        if request.skipsHeader, !request.readsStream {
            throw refusal(
                "--header=skip skips a line of a file or stream; \(request.source.label) is neither")
        }
        if request.allowsEmpty, request.empties == nil { throw refusal("--allow-empty is for --truncate and --delete") }
        if request.upserts != nil {
            guard request.empties == nil else {
                throw refusal("--upsert updates what is there; it does not go with --truncate or --delete")
            }
            guard request.destinations.contains(where: \.isServer) else {
                throw refusal("--upsert needs a server as a destination")
            }
        }
        if let limit = request.leavesOut {
            guard request.destinations.contains(where: \.isServer) else {
                throw refusal("\(limit.option) needs a server as a destination")
            }
            guard request.format != .binary else { throw refusal("\(limit.option): no row can be left out of binary") }
        }
        if request.allowsUnterminated, !request.readsStream {
            throw refusal(
                "--allow-unterminated is for files and streams as the source; \(request.source.label) is neither")
        }
        if request.format == .csv { try refuseMarkerMakers(given) }
        guard request.source.isServer, let server = request.destinations.first(where: \.isServer) else { return }
        let streams = request.destinations.filter { !$0.isServer && $0.kind != .null }
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
            guard let byte = text?.utf8.first, EndMarker.contains(byte) else { continue }
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

    private func refusal(_ why: String) -> PgcopyError { PgcopyError(.usage, why) }
}
