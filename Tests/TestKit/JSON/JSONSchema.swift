// Role: checks values by a JSON Schema, of which it knows as much as ours uses.

/// A JSON Schema (draft 2020-12). A keyword that is not known is an error, not passed over.
public final class JSONSchema {
    private let root: JSONValue
    private var patterns: [String: Regex<AnyRegexOutput>] = [:]

    /// Reads a schema.
    public init(_ root: JSONValue) throws {
        self.root = root
        try checkKeywords(root, at: "#")
    }

    /// What is wrong with a value; nothing where it is as the schema says.
    public func faults(of value: JSONValue) -> [String] { faults(of: value, by: root, at: "") }

    private static let notes: Set<String> = ["$schema", "$id", "title", "description", "$defs"]
    private static let known: Set<String> = [
        "$ref", "type", "const", "enum", "properties", "required", "additionalProperties", "items", "minItems",
        "minLength", "pattern", "minimum", "maximum", "oneOf",
    ]

    private func checkKeywords(_ schema: JSONValue, at place: String) throws {
        if case .bool = schema { return }
        guard case .object(let members) = schema else { throw KitError("\(place) is no schema") }
        for (keyword, value) in members {
            let below = "\(place)/\(keyword)"
            guard Self.known.contains(keyword) || Self.notes.contains(keyword) else {
                throw KitError("the keyword \(below) is not known here")
            }
            switch keyword {
            case "$defs", "properties":
                guard case .object(let schemas) = value else { throw KitError("\(below) is no object") }
                for (name, schema) in schemas { try checkKeywords(schema, at: "\(below)/\(name)") }
            case "items", "additionalProperties": try checkKeywords(value, at: below)
            case "oneOf":
                guard let schemas = value.elements else { throw KitError("\(below) is no array") }
                for (place, schema) in schemas.enumerated() { try checkKeywords(schema, at: "\(below)/\(place)") }
            case "$ref":
                guard definition(value) != nil else { throw KitError("\(below) leads nowhere") }
            case "pattern":
                guard let pattern = value.text else { throw KitError("\(below) is no pattern") }
                patterns[pattern] = try Regex(pattern)
            default: break
            }
        }
        // A member that is wanted and not described could never be there.
        if case .object(let properties)? = schema["properties"], schema["additionalProperties"] == .bool(false) {
            for name in schema["required"]?.elements ?? [] where properties[name.text ?? ""] == nil {
                throw KitError("\(place) requires \(name), which it does not describe")
            }
        }
    }

    private func definition(_ reference: JSONValue) -> JSONValue? {
        let head = "#/$defs/"
        guard let text = reference.text, text.hasPrefix(head) else { return nil }
        return root["$defs"]?[String(text.dropFirst(head.count))]
    }

    private func faults(of value: JSONValue, by schema: JSONValue, at place: String) -> [String] {
        if case .bool(let isFine) = schema { return isFine ? [] : ["\(place) may not be there"] }
        guard case .object(let keywords) = schema else { return ["\(place): no schema"] }
        return keywords.flatMap { keyword, wanted -> [String] in
            switch keyword {
            case "$ref": definition(wanted).map { faults(of: value, by: $0, at: place) } ?? ["\(place): no schema"]
            case "oneOf": faults(of: value, byOneOf: wanted.elements ?? [], at: place)
            case "properties", "required", "additionalProperties":
                memberFaults(of: value, by: keyword, wanted, schema, at: place)
            case "items":
                (value.elements ?? []).enumerated().flatMap { faults(of: $1, by: wanted, at: "\(place)/\($0)") }
            default: isAs(value, keyword, wanted) ? [] : ["\(place): \(value) is not as \(keyword): \(wanted)"]
            }
        }
    }

    /// Of those that do not fit the nearest one says why.
    private func faults(of value: JSONValue, byOneOf schemas: [JSONValue], at place: String) -> [String] {
        let all = schemas.map { faults(of: value, by: $0, at: place) }
        switch all.count(where: \.isEmpty) {
        case 1: return []
        case 0: return all.min { $0.count < $1.count } ?? ["\(place): nothing is allowed"]
        default: return ["\(place) is as more than one of oneOf"]
        }
    }

    private func memberFaults(
        of value: JSONValue, by keyword: String, _ wanted: JSONValue, _ schema: JSONValue, at place: String
    ) -> [String] {
        guard case .object(let members) = value else { return [] }
        switch keyword {
        case "properties":
            return members.flatMap { name, value in
                wanted[name].map { faults(of: value, by: $0, at: "\(place)/\(name)") } ?? []
            }
        case "required":
            return (wanted.elements ?? []).compactMap { name in
                members[name.text ?? ""] == nil ? "\(place)/\(name.text ?? "") is missing" : nil
            }
        default:
            return members.filter { schema["properties"]?[$0.key] == nil }.flatMap { name, value in
                faults(of: value, by: wanted, at: "\(place)/\(name)")
            }
        }
    }

    /// Keywords that look at a value alone; what they are not about passes.
    private func isAs(_ value: JSONValue, _ keyword: String, _ wanted: JSONValue) -> Bool {
        switch keyword {
        case "type":
            let names = (wanted.elements ?? [wanted]).compactMap(\.text)
            return value.typeNames.contains { names.contains($0) }
        case "const": return value.isSame(as: wanted)
        case "enum": return (wanted.elements ?? []).contains { value.isSame(as: $0) }
        case "minItems": return value.elements.map { Double($0.count) >= wanted.double ?? .infinity } ?? true
        case "minLength":
            return value.text.map { Double($0.unicodeScalars.count) >= wanted.double ?? .infinity } ?? true
        case "minimum": return value.double.map { $0 >= wanted.double ?? .infinity } ?? true
        case "maximum": return value.double.map { $0 <= wanted.double ?? -.infinity } ?? true
        case "pattern":
            guard let text = value.text else { return true }
            return wanted.text.flatMap { patterns[$0] }.map { text.contains($0) } ?? false
        default: return Self.notes.contains(keyword)
        }
    }
}
