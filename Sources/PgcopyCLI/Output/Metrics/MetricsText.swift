// Prometheus' text format.

/// A metric as the format has it.
struct Metric {
    /// The samples of one name, each by its labels.
    let name: String
    let help: String
    var samples: [Sample]

    /// A value that stands for something as it is now.
    /// - Parameter samples: those that are nil are not known, and left out.
    init(_ name: String, _ help: String, _ samples: [Sample?]) {
        self.name = name
        self.help = help
        self.samples = samples.compactMap { $0 }
    }

    /// A line of it; nothing where there is no sample.
    var lines: [String] {
        samples.isEmpty
            ? []
            : ["# HELP \(name) \(help)", "# TYPE \(name) gauge"] + samples.map { "\(name){\($0.labels)} \($0.value)" }
    }

    /// One value.
    struct Sample: Equatable {
        /// Between the braces.
        let labels: String
        let value: String

        init(_ labels: String, _ value: Int) { self.init(labels, "\(value)") }

        /// To a thousandth.
        init?(_ labels: String, _ value: Double) {
            let rounded = (value * 1000).rounded() / 1000
            guard rounded.isFinite else { return nil }
            self.init(labels, "\(rounded)")
        }

        /// As it was written before.
        init(_ labels: String, _ value: String) {
            self.labels = labels
            self.value = value
        }
    }

    /// Labels as they stand between the braces.
    static func labels(_ labels: [(name: String, value: String)]) -> String {
        labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",")
    }

    /// A backslash, a quote and a line feed are all that the format escapes; all else is UTF-8.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// The samples of this name in what was written before.
    static func samples(of name: String, in text: String) -> [Sample] {
        text.unicodeScalars.split(separator: "\n").compactMap { line in
            let line = String(line)
            guard line.hasPrefix(name + "{") else { return nil }
            let bytes = Array(line.utf8.dropFirst(name.utf8.count + 1))
            // Behind the last brace stands the value alone.
            guard let brace = bytes.lastIndex(of: UInt8(ascii: "}")), bytes[(brace + 1)...].first == UInt8(ascii: " ")
            else { return nil }
            let value = String(decoding: bytes[(brace + 2)...], as: UTF8.self)
            guard let number = Double(value), number.isFinite else { return nil }
            return Sample(String(decoding: bytes[..<brace], as: UTF8.self), value)
        }
    }
}
