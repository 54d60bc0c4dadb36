// Between C strings and Swift strings.

internal import Glibc

/// The text, or "" for a null pointer.
func string(_ text: UnsafePointer<CChar>?) -> String {
    guard let text = unsafe text else { return "" }
    return unsafe String(cString: text)
}

/// The text of bytes that may be no UTF-8, or "" for a null pointer.
func rawText(_ text: UnsafePointer<CChar>?) -> String {
    guard let text = unsafe text else { return "" }
    return unsafe RawText.decoding(UnsafeRawBufferPointer(start: text, count: strlen(text)))
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

/// A statement as C has it, alive during `body`: names in it as the server has them (`RawText`).
func withStatement<R>(_ sql: String, _ body: (UnsafePointer<CChar>) -> R) -> R {
    guard RawText.isNeeded(for: sql) else { return unsafe sql.withCString(body) }
    return unsafe (RawText.bytes(of: sql) + [0]).withUnsafeBytes {
        unsafe body($0.baseAddress!.assumingMemoryBound(to: CChar.self))
    }
}

/// C strings (nil for nil) with a nil after the last, alive during `body`.
/// - Parameter raw: names in them are to be as the server has them (`RawText`).
func withCStrings<R>(
    _ strings: [String?], raw: Bool = false, _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> R
) -> R {
    unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: strings.count + 1) { copies in
        for (index, text) in strings.enumerated() {
            if let text {
                let copy = unsafe raw ? withStatement(text) { unsafe strdup($0) } : strdup(text)
                unsafe copies[index] = UnsafePointer(copy)
            } else {
                unsafe copies[index] = nil
            }
        }
        unsafe copies[strings.count] = nil
        defer { for index in strings.indices { unsafe free(UnsafeMutablePointer(mutating: copies[index])) } }
        return unsafe body(copies.baseAddress!)
    }
}
