// Which format a transfer is spoken in, when it is left to us.

/// Decides the format from the catalogs of all sides; pure.
struct FormatPlan {
    /// A server's columns: their names and types, in the order they are copied.
    struct Side {
        var label: String
        var columns: [(name: String, type: UInt32)]
        var types: TypeGraph
    }

    /// What was decided.
    struct Choice: Equatable {
        var format: CopyFormat
        /// Why, for who wants to know.
        var reason: String
    }

    /// Binary where every column's type is the same everywhere and its binary form is portable; else text.
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
                case .success(signature): continue
                case .success(let other):
                    return Choice(
                        format: .text,
                        reason: "column \(name) is \(signature) at the source, \(other) at \(side.label)")
                case .failure(let doubt):
                    return Choice(format: .text, reason: "column \(name) is of \(doubt.what) at \(side.label)")
                }
            }
        }
        if let encoding, let column = source.columns.first(where: { source.types.holdsText($0.type) }) {
            let name = quoteIdentifier(column.name)
            return Choice(format: .text, reason: "column \(name) is in \(encoding) on all sides, and binary is in UTF8")
        }
        return Choice(format: .binary, reason: "every column's type is the same on all sides and portable")
    }

    /// What was asked for as binary and cannot be: types that differ.
    static func checkBinary(_ source: Side, _ destinations: [Side]) throws(TransferRefusal) {
        for (index, column) in source.columns.enumerated() {
            let own = source.types.structure(column.type)
            for side in destinations {
                let other = side.types.structure(side.columns[index].type)
                guard own != other else { continue }
                throw TransferRefusal(
                    "--format=binary: column \(quoteIdentifier(column.name)) is \(own) at the source, "
                        + "\(other) at \(side.label); use text or csv", isUsageError: true)
            }
        }
    }
}
