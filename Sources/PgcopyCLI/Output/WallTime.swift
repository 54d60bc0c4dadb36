// The time of day, as records tell it.

internal import Glibc

/// A moment since 1970, in milliseconds; no time zone but UTC.
struct WallTime: Equatable, Sendable {
    var milliseconds: Int

    init(milliseconds: Int) { self.milliseconds = milliseconds }

    /// This moment.
    static var now: WallTime {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(milliseconds: Int(time.tv_sec) * 1000 + Int(time.tv_nsec) / 1_000_000)
    }

    /// As RFC 3339 has it: 2026-11-28T18:13:21.007Z.
    var text: String {
        // Rounded down, before 1970 too.
        let part = (milliseconds % 1000 + 1000) % 1000
        var seconds = time_t((milliseconds - part) / 1000)
        var date = unsafe tm()
        unsafe gmtime_r(&seconds, &date)
        let day = unsafe [Int(date.tm_year) + 1900, Int(date.tm_mon) + 1, Int(date.tm_mday)]
        let time = unsafe [date.tm_hour, date.tm_min, date.tm_sec].map { Self.padded(Int($0), 2) }
        return Self.padded(day[0], 4) + day.dropFirst().map { "-" + Self.padded($0, 2) }.joined()
            + "T" + time.joined(separator: ":") + "." + Self.padded(part, 3) + "Z"
    }

    /// Seconds since 1970.
    var seconds: Double { Double(milliseconds) / 1000 }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = "\(number)"
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
