// Role: numbers as they are printed.

/// Numbers for people.
enum Figures {
    /// With so many decimals.
    static func fixed(_ value: Double, _ decimals: Int) -> String {
        guard value.isFinite else { return "–" }
        let scale = (0..<decimals).reduce(1) { power, _ in power * 10 }
        let rounded = Int((value.magnitude * Double(scale)).rounded())
        let sign = value < 0 && rounded > 0 ? "-" : ""
        guard decimals > 0 else { return "\(sign)\(rounded)" }
        let fraction = String(rounded % scale)
        return "\(sign)\(rounded / scale)." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }

    /// Thousands apart: 4,000,000.
    static func count(_ value: Int) -> String {
        var digits = Array(String(value))
        var at = digits.count - 3
        while at > 0 {
            digits.insert(",", at: at)
            at -= 3
        }
        return String(digits)
    }

    /// Bytes as MiB.
    static func mebibytes(_ bytes: Int) -> String { fixed(Double(bytes) / 1_048_576, 1) + " MiB" }

    /// Bytes as MB.
    static func megabytes(_ bytes: Int) -> String { fixed(Double(bytes) / 1_000_000, 0) + " MB" }
}
