// Names before locks: which servers these are, and what the names stand for.

extension Transfer {
    /// One round trip to every server, side by side: which server it is, and what the names stand for. What is missing is
    /// told of all of them.
    func lookUp() throws {
        sourceLookup = sourceSession.map { session in
            Lookup(
                PipelinePart(session, within: request.timeout, isVital: false),
                table: request.query == nil ? sourceTable : nil)
        }
        for entry in entries where entry.isActive {
            guard let session = entry.session, let table = destinationTable(entry.endpoint) else { continue }
            entry.lookup = Lookup(
                PipelinePart(session, within: request.timeout, isVital: false), table: table)
        }
        let lookups = [sourceLookup] + entries.filter(\.isActive).map(\.lookup)
        try PipelineRound.run(lookups.compactMap { $0?.part })
        do {
            sourceTableFound = try sourceLookup?.table()
            sourceServer = try sourceLookup?.server()
        } catch {
            sourceFailure = error
        }
        try preparingEach { entry in
            guard let lookup = entry.lookup else { return }
            entry.found = try lookup.table()
            let server = try lookup.server()
            entry.server = server
            try refuseGuarded(server)
        }
        try refuseTheSameTable()
    }

    /// Somebody had reasons for a server to be left as it is.
    private func refuseGuarded(_ server: Lookup.Server) throws {
        if server.cluster.isInRecovery {
            throw TransferRefusal(
                "this server is a standby, and takes no rows; name its primary", isUsageError: true,
                isOneDestinations: true)
        }
        if server.isReadOnly, !request.overridesReadOnly {
            throw TransferRefusal(
                "default_transaction_read_only is on here: somebody wants this database left as it is; "
                    + "--override-read-only loads it all the same", isUsageError: true, isOneDestinations: true)
        }
    }
}
