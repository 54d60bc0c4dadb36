// A row of a result as a JSON record; pure.

internal import CopyCore

/// Writes the rows of one result. What is the same in all of them is made once.
struct ExecJSONRow {
    /// Whose rows these are.
    let statement: Int
    /// What stands before each value: the beginning of the record, or a comma, with the column's name.
    private let before: [[UInt8]]
    private let start: [UInt8]
    private let end: [UInt8]
    private let types: [UInt32]

    /// - Parameter columns: names and types. Where two have one name an object cannot hold them: then `columns` and `values`.
    init(connection: String, statement: Int, columns: [(name: String, type: UInt32)]) {
        self.statement = statement
        types = columns.map(\.type)
        let names = columns.map { JSONText.string($0.name).text }
        let isObject = Set(names).count == names.count
        let head = JSONText.object([
            ("type", .string("row")), ("connection", .string(connection)), ("statement", .int(statement)),
        ])
        let tail = isObject ? "\"row\":{" : "\"columns\":[\(names.joined(separator: ","))],\"values\":["
        start = Array((head.text.dropLast() + "," + tail).utf8)
        end = Array((isObject ? "}}\n" : "]}\n").utf8)
        before = names.enumerated().map { index, name in
            Array(((index > 0 ? "," : "") + (isObject ? name + ":" : "")).utf8)
        }
    }

    /// Appends the record of a row, nil for NULL.
    func append(_ values: [[UInt8]?], to bytes: inout [UInt8]) {
        bytes += start
        for (index, value) in values.enumerated() {
            bytes += before[index]
            if let value { Self.append(value, types[index], to: &bytes) } else { bytes += "null".utf8 }
        }
        bytes += end
    }

    /// A value is what its type says as far as nobody who reads it can lose something: numbers that a double does not hold, and all
    /// of `numeric`, are strings.
    static func append(_ value: [UInt8], _ type: UInt32, to bytes: inout [UInt8]) {
        switch type {
        // int2, int4, oid
        case 21, 23, 26: bytes += value
        // int8
        case 20 where isExact(value): bytes += value
        // float4, float8; not NaN and Infinity
        case 700 where isNumber(value), 701 where isNumber(value): bytes += value
        // bool
        case 16: bytes += (value == [UInt8(ascii: "t")] ? "true" : "false").utf8
        // json, jsonb: a line end can only be a blank there
        case 114 where isUTF8(value), 3802 where isUTF8(value):
            bytes += value.lazy.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 }
        default: append(text: value, to: &bytes)
        }
    }

    private static func append(text: [UInt8], to bytes: inout [UInt8]) {
        let isPlain = text.allSatisfy { (0x20..<0x7F).contains($0) && $0 != 0x22 && $0 != 0x5C }
        guard isPlain else {
            bytes += JSONText.string(RawText.decoding(text)).text.utf8
            return
        }
        bytes.append(0x22)
        bytes += text
        bytes.append(0x22)
    }

    private static func isUTF8(_ value: [UInt8]) -> Bool { String(validating: value, as: UTF8.self) != nil }

    /// As JSON writes numbers.
    private static func isNumber(_ text: [UInt8]) -> Bool {
        var rest = text[...]
        func digits() -> Int {
            let count = rest.prefix { (0x30...0x39).contains($0) }.count
            rest = rest.dropFirst(count)
            return count
        }
        if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
        let leading = rest.first
        let whole = digits()
        guard whole == 1 || whole > 1 && leading != UInt8(ascii: "0") else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            if digits() == 0 { return false }
        }
        if rest.first == UInt8(ascii: "e") {
            rest.removeFirst()
            if let sign = rest.first, "+-".utf8.contains(sign) { rest.removeFirst() }
            if digits() == 0 { return false }
        }
        return rest.isEmpty
    }

    /// Up to 2^53 every integer is a double of its own.
    private static func isExact(_ integer: [UInt8]) -> Bool {
        Int64(String(decoding: integer, as: UTF8.self)).map { $0.magnitude <= 1 << 53 } ?? false
    }
}
