// JSON made by hand: Foundation stays out of the program.

internal import CopyCore

/// A JSON value.
indirect enum JSONText {
    case null
    case bool(Bool)
    case int(Int)
    case double(Double)
    case string(String)
    case array([JSONText])
    /// In the order given.
    case object([(String, JSONText)])

    /// The value on one line.
    var text: String {
        switch self {
        case .null: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .int(let value): return "\(value)"
        // Three decimals: a millisecond, a byte.
        case .double(let value):
            let rounded = (value * 1000).rounded() / 1000
            return rounded.isFinite ? "\(rounded)" : "null"
        case .string(let value): return Self.quoted(value)
        case .array(let values): return "[" + values.map(\.text).joined(separator: ",") + "]"
        case .object(let members):
            return "{" + members.map { Self.quoted($0.0) + ":" + $0.1.text }.joined(separator: ",") + "}"
        }
    }

    /// A string where there is one.
    static func optional(_ text: String?) -> JSONText { text.map(JSONText.string) ?? .null }

    /// A number where there is one.
    static func optional(_ number: Int?) -> JSONText { number.map(JSONText.int) ?? .null }

    /// The same with a fraction.
    static func optional(_ number: Double?) -> JSONText { number.map(JSONText.double) ?? .null }

    /// A list of strings.
    static func strings(_ texts: [String]) -> JSONText { .array(texts.map(JSONText.string)) }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in RawText.shown(text).unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            // The second range is no must of JSON's, but the console spells out what a terminal would obey, in its own way.
            case "\0"..<" ", "\u{7F}"..."\u{9F}":
                let hex = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
