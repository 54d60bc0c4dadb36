// Numbers for people.

internal import CopyCore

/// Sizes, rates and times in few characters.
enum Units {
    /// Bytes with PostgreSQL's units: 1 kB is 1024.
    static func bytes(_ count: Double) -> String {
        var value = count
        for unit in ["B", "kB", "MB", "GB", "TB"] {
            // What would be rounded to 1024.0 is 1.0 of the next.
            if value < 1023.95 || unit == "TB" {
                return unit == "B" ? "\(Int(value)) B" : "\(oneDecimal(value)) \(unit)"
            }
            value /= 1024
        }
        return ""
    }

    /// Bytes a second.
    static func rate(_ bytesPerSecond: Double) -> String { bytes(bytesPerSecond) + "/s" }

    /// "1 row", "2 rows".
    static func rows(_ count: Int) -> String { count == 1 ? "1 row" : "\(count) rows" }

    /// As 4.2 s.
    static func seconds(_ duration: Duration) -> String { oneDecimal(duration.seconds) + " s" }

    static func oneDecimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
