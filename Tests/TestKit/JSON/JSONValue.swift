// Role: reads JSON as RFC 8259 has it, and nothing beside it.

/// A JSON value.
public indirect enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// As it was written, for a double does not hold every whole number.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// The value that a text is, from its first byte to its last.
    public init(parsing bytes: [UInt8]) throws {
        var parser = JSONParser(bytes)
        self = try parser.whole()
    }

    /// The same of a text.
    public init(parsing text: String) throws { try self.init(parsing: Array(text.utf8)) }

    /// A member of an object.
    public subscript(name: String) -> JSONValue? { if case .object(let members) = self { members[name] } else { nil } }

    /// A string's text.
    public var text: String? { if case .string(let text) = self { text } else { nil } }

    /// A number's value.
    public var double: Double? { if case .number(let text) = self { Double(text) } else { nil } }

    /// A number without a fraction: 1, 1.0 and 1e2 are.
    var isInteger: Bool { double.map { $0.rounded() == $0 } ?? false }

    /// The elements of an array.
    public var elements: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }

    /// What the schema's `type` calls it.
    var typeNames: [String] {
        switch self {
        case .null: ["null"]
        case .bool: ["boolean"]
        case .number: isInteger ? ["number", "integer"] : ["number"]
        case .string: ["string"]
        case .array: ["array"]
        case .object: ["object"]
        }
    }

    /// Equal as JSON has it: numbers by their values.
    func isSame(as other: JSONValue) -> Bool {
        if let own = double, let others = other.double { return own == others }
        return self == other
    }
}

/// Goes through the bytes of one value.
private struct JSONParser {
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func whole() throws -> JSONValue {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw KitError("no JSON: it is not valid UTF-8") }
        let value = try value()
        skipSpace()
        guard place == bytes.count else { throw fault("something follows the value") }
        return value
    }

    private func fault(_ what: String) -> KitError {
        KitError("no JSON: \(what) at byte \(place): \(String(decoding: bytes.prefix(2000), as: UTF8.self))")
    }

    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func skipSpace() { while let byte = next, " \t\r\n".utf8.contains(byte) { place += 1 } }

    private mutating func take(_ character: Unicode.Scalar) throws {
        skipSpace()
        guard next == UInt8(ascii: character) else { throw fault("no \(character)") }
        place += 1
    }

    private mutating func value() throws -> JSONValue {
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ text: String, _ value: JSONValue) throws -> JSONValue {
        guard bytes[place...].starts(with: text.utf8) else { throw fault("no \(text)") }
        place += text.utf8.count
        return value
    }

    private mutating func object() throws -> JSONValue {
        try take("{")
        var members: [String: JSONValue] = [:]
        skipSpace()
        guard next != UInt8(ascii: "}") else {
            place += 1
            return .object(members)
        }
        while true {
            skipSpace()
            let name = try string()
            try take(":")
            let value = try value()
            guard members.updateValue(value, forKey: name) == nil else { throw fault("a second member \(name)") }
            skipSpace()
            guard next == UInt8(ascii: ",") else { break }
            place += 1
        }
        try take("}")
        return .object(members)
    }

    private mutating func array() throws -> JSONValue {
        try take("[")
        var elements: [JSONValue] = []
        skipSpace()
        guard next != UInt8(ascii: "]") else {
            place += 1
            return .array(elements)
        }
        while true {
            elements.append(try value())
            skipSpace()
            guard next == UInt8(ascii: ",") else { break }
            place += 1
        }
        try take("]")
        return .array(elements)
    }

    /// -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
    private mutating func number() throws -> JSONValue {
        let start = place
        if next == UInt8(ascii: "-") { place += 1 }
        let first = place
        try digits()
        if bytes[first] == UInt8(ascii: "0"), place > first + 1 { throw fault("a number with a leading zero") }
        if next == UInt8(ascii: ".") {
            place += 1
            try digits()
        }
        if let byte = next, "eE".utf8.contains(byte) {
            place += 1
            if let byte = next, "+-".utf8.contains(byte) { place += 1 }
            try digits()
        }
        return .number(String(decoding: bytes[start..<place], as: UTF8.self))
    }

    private mutating func digits() throws {
        let start = place
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { place += 1 }
        guard place > start else { throw fault("no value") }
    }

    private mutating func string() throws -> String {
        guard next == UInt8(ascii: "\"") else { throw fault("no string") }
        place += 1
        var text: [UInt8] = []
        while let byte = next, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw fault("a control character") }
            place += 1
            if byte == UInt8(ascii: "\\") { text += try escaped() } else { text.append(byte) }
        }
        guard next != nil else { throw fault("a string without an end") }
        place += 1
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func escaped() throws -> [UInt8] {
        guard let byte = next else { throw fault("a string without an end") }
        place += 1
        switch Unicode.Scalar(byte) {
        case "\"", "\\", "/": return [byte]
        case "b": return [0x08]
        case "f": return [0x0C]
        case "n": return [0x0A]
        case "r": return [0x0D]
        case "t": return [0x09]
        case "u":
            let high = try unit()
            guard UTF16.isLeadSurrogate(high) else { return Array(try text([high]).utf8) }
            guard bytes[place...].starts(with: "\\u".utf8) else { throw fault("half a surrogate pair") }
            place += 2
            return Array(try text([high, unit()]).utf8)
        default: throw fault("an unknown escape")
        }
    }

    private mutating func unit() throws -> UInt16 {
        let digits = String(decoding: bytes[place...].prefix(4), as: UTF8.self)
        guard digits.utf8.count == 4, digits.allSatisfy(\.isHexDigit), let unit = UInt16(digits, radix: 16) else {
            throw fault("no four hexadecimal digits")
        }
        place += 4
        return unit
    }

    private func text(_ units: [UInt16]) throws -> String {
        guard let text = String(validating: units, as: UTF16.self) else { throw fault("half a surrogate pair") }
        return text
    }
}
