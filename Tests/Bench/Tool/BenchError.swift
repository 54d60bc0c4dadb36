// Role: the one error of the benchmark.

/// Why a figure cannot be had, for a person.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
