// Between C strings and Swift strings.

internal import Glibc

/// The text, or "" for a null pointer.
func string(_ text: UnsafePointer<CChar>?) -> String {
    guard let text = unsafe text else { return "" }
    return unsafe String(cString: text)
}

/// libpq ends its messages with a line end; ours have none.
func trimmed(_ text: String) -> String {
    var end = text.utf8.endIndex
    while end > text.utf8.startIndex {
        let before = text.utf8.index(before: end)
        guard text.utf8[before] == UInt8(ascii: "\n") || text.utf8[before] == UInt8(ascii: " ") else { break }
        end = before
    }
    return String(text[..<end])
}

/// C strings (nil for nil) with a nil after the last, alive during `body`.
func withCStrings<R>(_ strings: [String?], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> R) -> R {
    unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: strings.count + 1) { copies in
        for (index, text) in strings.enumerated() {
            if let text { unsafe copies[index] = UnsafePointer(strdup(text)) } else { unsafe copies[index] = nil }
        }
        unsafe copies[strings.count] = nil
        defer { for index in strings.indices { unsafe free(UnsafeMutablePointer(mutating: copies[index])) } }
        return unsafe body(copies.baseAddress!)
    }
}
