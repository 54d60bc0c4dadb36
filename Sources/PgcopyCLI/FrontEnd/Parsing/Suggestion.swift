// The nearest right word for a misspelt one.

internal import CopyCore

/// Words suggestions.
enum Suggestion {
    /// `; did you mean WORD?`, or nothing.
    static func ending(for typed: String, among words: [String], prefix: String = "") -> String {
        NearestWord.find(typed, among: words).map { "; did you mean \(prefix)\($0)?" } ?? ""
    }
}
