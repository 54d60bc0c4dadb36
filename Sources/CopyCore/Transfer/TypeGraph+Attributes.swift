// The order of a composite's attributes: its values go by position.

extension TypeGraph {
    /// An attribute that has another position at another server.
    struct Displacement {
        /// The composite, as this side calls it.
        var composite: String
        var attribute: String
        /// Counted from 1.
        var here: Int
        var there: Int
    }

    /// The first attribute, at any depth, whose name another position has at the other side. One whose name is not there
    /// at all is taken for renamed.
    func displaced(_ oid: UInt32, at other: TypeGraph, _ otherOID: UInt32) -> Displacement? {
        var seen: Set<[UInt32]> = []
        var rest = [(oid, otherOID)]
        while let (own, its) = rest.popLast() {
            guard seen.insert([own, its]).inserted, let here = self[own], let there = other[its] else {
                continue
            }
            if here.kind == "d" || there.kind == "d" {
                rest.append((here.kind == "d" ? here.base : own, there.kind == "d" ? there.base : its))
                continue
            }
            for (index, attribute) in here.attributes.enumerated() {
                guard let place = there.attributes.firstIndex(where: { isSameName($0.name, attribute.name) }),
                    place != index
                else { continue }
                return Displacement(
                    composite: here.name, attribute: attribute.name, here: index + 1, there: place + 1)
            }
            rest += zip(here.parts, there.parts)
        }
        return nil
    }
}
