// Which format a transfer is spoken in, when it is left to us.

/// Decides the format from the catalogs of all sides; pure.
struct FormatPlan {
    /// A server's columns: their names and types, in the order they are copied.
    struct Side {
        var label: String
        var columns: [(name: String, type: UInt32)]
        var types: TypeGraph
        var peer: TypeHistory.Peer
    }

    /// What was decided.
    struct Choice: Equatable {
        var format: CopyFormat
        /// Why, for who wants to know.
        var reason: String
    }

    /// Binary where every column's type is the same everywhere, its binary form is portable, and means the same to the
    /// versions of all servers; else text.
    /// - Parameter encoding: what all servers hold characters in, where that is not UTF8: text leaves them as they are.
    static func automatic(_ source: Side, _ destinations: [Side], encoding: String?) -> Choice {
        for (index, column) in source.columns.enumerated() {
            let name = quoteIdentifier(column.name)
            let signature: String
            switch source.types.signature(column.type) {
            case .success(let found): signature = found
            case .failure(let doubt): return Choice(format: .text, reason: "column \(name) is of \(doubt.what)")
            }
            for side in destinations {
                switch side.types.signature(side.columns[index].type) {
                case .success(signature):
                    guard let doubt = versionDoubt(source, side, column.type) else { continue }
                    return Choice(format: .text, reason: "column \(name) is of \(doubt)")
                case .success(let other):
                    return Choice(
                        format: .text,
                        reason: "column \(name) is \(signature) at the source, \(other) at \(side.label)")
                case .failure(let doubt):
                    return Choice(format: .text, reason: "column \(name) is of \(doubt.what) at \(side.label)")
                }
            }
        }
        if let side = destinations.first(where: { TypeHistory.isUnknown(source.peer, $0.peer) }) {
            return Choice(
                format: .text,
                reason: "nothing is known of the binary forms between version \(source.peer.major) at the source and "
                    + "\(side.peer.major) at \(side.label)")
        }
        if let encoding, let column = source.columns.first(where: { source.types.mayHoldText($0.type) }) {
            let name = quoteIdentifier(column.name)
            return Choice(format: .text, reason: "column \(name) is in \(encoding) on all sides, and binary is in UTF8")
        }
        return Choice(format: .binary, reason: "every column's type is the same on all sides and portable")
    }

    /// What was asked for as binary and cannot be: types that differ, or that mean something else to the other
    /// version.
    static func checkBinary(_ source: Side, _ destinations: [Side]) throws(PgcopyError) {
        for (index, column) in source.columns.enumerated() {
            if !destinations.isEmpty, source.types.holdsNames(column.type) {
                throw PgcopyError(
                    .usage,
                    "--format=binary: column \(quoteIdentifier(column.name)) holds names (reg*), which are numbers in "
                        + "binary and name something else in another database; use text or csv")
            }
            let own = source.types.structure(column.type)
            for side in destinations {
                let other = side.types.structure(side.columns[index].type)
                let reason =
                    own != other
                    ? "is \(own) at the source, \(other) at \(side.label)"
                    : versionDoubt(source, side, column.type).map { "is of \($0)" }
                        ?? encodingDoubt(source, side, column.type)
                guard let reason else { continue }
                throw PgcopyError(
                    .usage, "--format=binary: column \(quoteIdentifier(column.name)) \(reason); use text or csv")
            }
        }
    }

    private static func versionDoubt(_ source: Side, _ side: Side, _ type: UInt32) -> String? {
        TypeHistory.binaryDoubt(from: source.peer, to: side.peer) { source.types.mayHold($0, type) }.map {
            "\($0): the source is \(source.peer.major), \(side.label) is \(side.peer.major)"
        }
    }

    /// Bytes of no known encoding stay what they are in text; in binary they would be taken for UTF8, and converted.
    private static func encodingDoubt(_ source: Side, _ side: Side, _ type: UInt32) -> String? {
        guard source.peer.encoding == "SQL_ASCII", let encoding = side.peer.encoding,
            !["SQL_ASCII", "UTF8"].contains(encoding), source.types.mayHoldText(type)
        else { return nil }
        return "is in no known encoding at the source, and \(side.label) would convert it from UTF8 to \(encoding)"
    }

    /// Refuses composites whose attributes are in another order at a destination: they go by position in every format.
    static func checkAttributes(_ source: Side, _ side: Side) throws(PgcopyError) {
        for (index, column) in source.columns.enumerated() {
            guard let found = source.types.displaced(column.type, at: side.types, side.columns[index].type) else {
                continue
            }
            throw PgcopyError(
                .refused,
                "column \(quoteIdentifier(column.name)): attribute \(quoteIdentifier(found.attribute)) of the type "
                    + "\(quoteIdentifier(found.composite)) is number \(found.here) at the source, \(found.there) at "
                    + "\(side.label), and values go by position; a --query with ROW(…) gives them in that order")
        }
    }

    /// What is selected in text formats instead of the columns, where a destination would take some of their values for
    /// others; nil: the columns themselves.
    static func selection(_ source: Side, _ destinations: [Side], encoding: String) -> [String]? {
        var isGuarded = false
        let list = source.columns.enumerated().map { index, column in
            let misreadings = TypeHistory.Misreading.allCases.filter { misreading in
                // A column of text takes nothing for another.
                source.types.mayHold(misreading.type, column.type)
                    && destinations.contains { side in
                        misreading.isPossible(from: source.peer, to: side.peer, in: encoding)
                            && side.types.mayHold(misreading.type, side.columns[index].type)
                    }
            }
            guard !misreadings.isEmpty else { return quoteIdentifier(column.name) }
            isGuarded = true
            return TypeHistory.guarded(column.name, against: misreadings, from: source.peer, in: encoding)
        }
        return isGuarded ? list : nil
    }
}
