// Numbers for people.

internal import CopyCore

/// Sizes, rates and times in few characters.
enum Units {
    /// Bytes by powers of 1024, with the names that say so (IEC 80000-13).
    static func bytes(_ count: Double) -> String {
        var value = count
        for unit in ["B", "KiB", "MiB", "GiB", "TiB"] {
            // What would be rounded to 1024.0 is 1.0 of the next.
            if value < 1023.95 || unit == "TiB" {
                return unit == "B" ? "\(Int(value)) B" : "\(oneDecimal(value)) \(unit)"
            }
            value /= 1024
        }
        return ""
    }

    /// Bytes a second.
    static func rate(_ bytesPerSecond: Double) -> String { bytes(bytesPerSecond) + "/s" }

    /// "1 row", "2,000 rows".
    static func rows(_ count: Int) -> String { count == 1 ? "1 row" : "\(thousands(count)) rows" }

    /// As 184,220,100.
    static func thousands(_ count: Int) -> String {
        let digits = Array(String(count.magnitude))
        let groups = stride(from: digits.count % 3 - 3, to: digits.count, by: 3).compactMap { start -> String? in
            let group = digits[max(0, start)..<max(0, start + 3)]
            return group.isEmpty ? nil : String(group)
        }
        return (count < 0 ? "-" : "") + groups.joined(separator: ",")
    }

    /// As 4.2 s.
    static func seconds(_ duration: Duration) -> String { oneDecimal(duration.seconds) + " s" }

    /// As 00:04:10; hours go on beyond a day.
    static func clock(_ duration: Duration) -> String {
        let seconds = wholeSeconds(duration)
        return [seconds / 3600, seconds / 60 % 60, seconds % 60].map(twoDigits).joined(separator: ":")
    }

    /// What is left, in two units at the most: 5:58, 2 h 05 min, 3 d 4 h.
    static func left(_ duration: Duration) -> String {
        let seconds = wholeSeconds(duration)
        switch seconds {
        case ..<3600: return "\(seconds / 60):\(twoDigits(seconds % 60))"
        case ..<86400: return "\(seconds / 3600) h \(twoDigits(seconds / 60 % 60)) min"
        default: return "\(seconds / 86400) d \(seconds / 3600 % 24) h"
        }
    }

    /// "20.6 of ~50.0 GiB": where both have one unit it stands once.
    static func pair(_ first: String, _ between: String, _ second: String) -> String {
        number(first, besides: second) + between + second
    }

    /// Without its unit, where that of the other one says it.
    static func number(_ text: String, besides other: String) -> String {
        let (own, others) = (text.split(separator: " "), other.split(separator: " "))
        return own.count == 2 && others.count == 2 && own[1] == others[1] ? String(own[0]) : text
    }

    static func oneDecimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func wholeSeconds(_ duration: Duration) -> Int { max(0, Int(duration.components.seconds)) }

    private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
