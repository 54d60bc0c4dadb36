// The word that was meant by a misspelt one.

/// Finds near words by edit distance.
package enum NearestWord {
    /// The nearest of the words, or nil where none is near enough to be meant.
    package static func find(_ typed: String, among words: [String]) -> String? {
        var best: (word: String, distance: Int)?
        for word in words {
            let limit = typed.count <= 5 ? 1 : typed.count <= 8 ? 2 : 3
            let distance = editDistance(typed, word)
            if distance <= limit, distance < word.count, distance < best?.distance ?? .max {
                best = (word, distance)
            }
        }
        return best?.word
    }

    /// Insertions, deletions, replacements and swaps of neighbours between two words.
    package static func editDistance(_ first: String, _ second: String) -> Int {
        let left = Array(first.lowercased())
        let right = Array(second.lowercased())
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in 0..<left.count {
            var current = [row + 1]
            for column in 0..<right.count {
                let replaced = last[column] + (left[row] == right[column] ? 0 : 1)
                var cost = min(replaced, last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current.append(cost)
            }
            (beforeLast, last) = (last, current)
        }
        return last[right.count]
    }
}
