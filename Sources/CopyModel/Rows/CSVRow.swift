// One row of COPY's CSV format: a line to its values and back.

/// Reads and writes lines of the CSV format.
package enum CSVRow {
    /// The values of a line as bytes, quotes taken off. A line end behind it is no part of the last one.
    /// - Parameter escape: what stands before a quote or itself inside quotes.
    package static func decodeBytes(
        _ line: [UInt8], delimiter: UInt8 = UInt8(ascii: ","), quote: UInt8 = UInt8(ascii: "\""),
        escape: UInt8 = UInt8(ascii: "\"")
    ) -> [[UInt8]] {
        let line = line.withoutLineEnd
        var values: [[UInt8]] = [[]]
        var quoted = false
        var index = line.startIndex
        while index < line.endIndex {
            let byte = line[index]
            index += 1
            if quoted, byte == escape, index < line.endIndex, line[index] == quote || line[index] == escape {
                values[values.count - 1].append(line[index])
                index += 1
            } else if byte == quote {
                quoted.toggle()
            } else if !quoted, byte == delimiter {
                values.append([])
            } else {
                values[values.count - 1].append(byte)
            }
        }
        return values
    }

    /// Appends a line of these values, nil for NULL, as COPY … TO would write it with its default options.
    package static func append(_ values: [[UInt8]?], to bytes: inout [UInt8]) {
        for (index, value) in values.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            if let value { append(value, isAlone: values.count == 1, to: &bytes) }
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    private static func append(_ value: [UInt8], isAlone: Bool, to bytes: inout [UInt8]) {
        let quote = UInt8(ascii: "\"")
        let isQuoted =
            value.isEmpty || value.contains { $0 == quote || $0 == UInt8(ascii: ",") || $0 == 0x0A || $0 == 0x0D }
            // Alone in its line it would be taken for the end of the data.
            || isAlone && value == Array("\\.".utf8)
        guard isQuoted else {
            bytes += value
            return
        }
        bytes.append(quote)
        for byte in value {
            if byte == quote { bytes.append(quote) }
            bytes.append(byte)
        }
        bytes.append(quote)
    }
}

extension [UInt8] {
    /// The bytes of a line without the one line end behind them.
    package var withoutLineEnd: ArraySlice<UInt8> {
        var rest = self[...]
        if rest.last == UInt8(ascii: "\n") { rest.removeLast() }
        if rest.last == UInt8(ascii: "\r") { rest.removeLast() }
        return rest
    }
}
