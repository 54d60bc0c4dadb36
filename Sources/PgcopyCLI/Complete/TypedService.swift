// Services as they are typed.

internal import CopyCore

extension ServiceFile {
    /// As it is typed: a keyword string.
    static func typed(_ name: String) -> String {
        let isPlain = !name.isEmpty && name.unicodeScalars.allSatisfy { !" \t'\\".unicodeScalars.contains($0) }
        if isPlain { return "service=" + name }
        let escaped = name.unicodeScalars.map { "'\\".unicodeScalars.contains($0) ? "\\\($0)" : String($0) }
        return "service='\(escaped.joined())'"
    }
}
