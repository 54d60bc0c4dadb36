// Role: reads Prometheus' text format as its parser does, and looks for what `promtool check metrics` finds.

/// A file in Prometheus' text format.
public struct MetricsCheck {
    /// The values by name and labels, as `name{a="b"}`; the labels stand in the order of their names, their values unescaped.
    public private(set) var values: [String: Double] = [:]
    private var helped: Set<String> = []
    private var typed: [String: String] = [:]
    /// Names of which samples came, the last one at the end.
    private var seen: [String] = []

    /// Throws where a text is not in the format, or breaks a rule for names.
    public init(_ bytes: [UInt8]) throws {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw KitError("not valid UTF-8") }
        guard text.isEmpty || text.hasSuffix("\n") else { throw KitError("the last line has no end") }
        for line in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: true) {
            do {
                try read(String(line))
            } catch {
                throw KitError("\(error): \(String(line))")
            }
        }
        for name in seen where !helped.contains(name) || typed[name] == nil {
            throw KitError("\(name) has no HELP or TYPE")
        }
        for name in typed.keys where !seen.contains(name) { throw KitError("\(name) has no sample") }
    }

    /// The value of a name with labels that hold these.
    public func value(_ name: String, _ labels: String = "") -> Double? {
        let found = values.filter { $0.key.hasPrefix(name + "{") && $0.key.contains(labels) }
        return found.count == 1 ? found.first?.value : nil
    }

    private mutating func read(_ line: String) throws {
        guard line.hasPrefix("#") else { return try readSample(Array(line.unicodeScalars)) }
        let words = line.split(separator: " ", maxSplits: 3).map(String.init)
        guard words.count == 4 else { throw KitError("neither HELP nor TYPE") }
        guard !seen.contains(words[2]) else { throw KitError("it comes behind its samples") }
        switch words[1] {
        case "HELP":
            guard helped.insert(words[2]).inserted, !words[3].hasSuffix(" ") else { throw KitError("a second HELP") }
        case "TYPE":
            guard typed.updateValue(words[3], forKey: words[2]) == nil else { throw KitError("a second TYPE") }
            try checkName(words[2], type: words[3])
        default: throw KitError("neither HELP nor TYPE")
        }
    }

    /// The rules of promtool's lint that can be told of a name.
    private func checkName(_ name: String, type: String) throws {
        guard ["counter", "gauge"].contains(type) else { throw KitError("the type \(type) is not known here") }
        guard name.hasPrefix("pgcopy_"), name.allSatisfy({ $0.isLowercase || $0 == "_" }) else {
            throw KitError("no plain name")
        }
        guard name.hasSuffix("_total") == (type == "counter") else { throw KitError("_total is for counters") }
        let words = name.split(separator: "_").map(String.init)
        let others = [
            "milliseconds", "ms", "minutes", "hours", "days", "kilobytes", "kib", "mib", "megabytes", "bits", "percent",
            "gauge", "counter", "bucket", "count", "sum",
        ]
        if let word = words.first(where: others.contains) {
            throw KitError("no base unit, or no word for a name: \(word)")
        }
        if words.last == "timestamp" { throw KitError("its unit comes last") }
    }

    private mutating func readSample(_ line: [Unicode.Scalar]) throws {
        let head = line.prefix { $0 != "{" && $0 != " " }
        let name = String(String.UnicodeScalarView(head))
        guard !name.isEmpty else { throw KitError("no name") }
        var rest = line[head.endIndex...]
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest = rest.dropFirst()
            while rest.first != "}" { try readLabel(&rest, into: &labels) }
            rest = rest.dropFirst()
        }
        guard rest.first == " " else { throw KitError("no value") }
        // A second word would be a time, which node_exporter refuses.
        let word = String(String.UnicodeScalarView(rest.dropFirst()))
        guard !word.contains(" "), let value = Double(word), value.isFinite else { throw KitError("no number") }
        let shown = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\($0.value)\"" }.joined(separator: ",")
        guard values.updateValue(value, forKey: "\(name){\(shown)}") == nil else { throw KitError("a second time") }
        if seen.last != name {
            guard !seen.contains(name) else { throw KitError("samples of one name are apart") }
            seen.append(name)
        }
    }

    private func readLabel(_ rest: inout ArraySlice<Unicode.Scalar>, into labels: inout [String: String]) throws {
        let name = rest.prefix { $0 == "_" || ("a"..."z").contains($0) }
        rest = rest.dropFirst(name.count)
        guard !name.isEmpty, rest.starts(with: "=\"".unicodeScalars) else { throw KitError("no label") }
        rest = rest.dropFirst(2)
        var value = String.UnicodeScalarView()
        while let scalar = rest.popFirst(), scalar != "\"" {
            guard scalar == "\\" else {
                value.append(scalar)
                continue
            }
            switch rest.popFirst() {
            case "\\": value.append("\\")
            case "\"": value.append("\"")
            case "n": value.append("\n")
            default: throw KitError("an unknown escape")
            }
        }
        guard labels.updateValue(String(value), forKey: String(String.UnicodeScalarView(name))) == nil else {
            throw KitError("a label twice")
        }
        if rest.first == "," {
            rest = rest.dropFirst()
        } else if rest.first != "}" {
            throw KitError("no end of labels")
        }
    }
}
