// What a shell's completion script asks; pure.

/// `pgcopy __complete SHELL KIND WORD [BREAKS] -- WORD...`: the kind of the value, the word so far, and all words of the line behind
/// the program's name, that one among them.
struct CompletionRequest {
    /// What is wanted.
    enum Kind: String {
        /// A source or a destination.
        case endpoint
        /// A server.
        case connection
        /// A pattern for tables of the source.
        case table
        /// A pattern for schemas of the source.
        case schema
    }

    let shell: Shell
    let kind: Kind
    let word: ShellWord
    /// The first operand: whose tables are meant.
    let source: String?

    /// Nil where nobody could ask that.
    init?(_ arguments: [Argument]) {
        let texts = arguments.map(\.text)
        guard let dashes = texts.firstIndex(of: "--"), [3, 4].contains(dashes),
            let shell = Shell(rawValue: texts[0]), let kind = Kind(rawValue: texts[1])
        else { return nil }
        self.shell = shell
        self.kind = kind
        // zsh takes its quotes off itself.
        word =
            shell == .zsh
            ? ShellWord(plain: texts[2]) : ShellWord(texts[2], in: shell, breaks: dashes == 4 ? texts[3] : "")
        let words = texts[(dashes + 1)...].map { shell == .bash ? ShellWord($0, in: .bash).value : $0 }
        source = words.first.flatMap { CommandTable.command($0) }.flatMap {
            Self.firstOperand(words.dropFirst(), of: $0)
        }
    }

    private static func firstOperand(_ words: ArraySlice<String>, of command: CommandSpec) -> String? {
        var words = words
        while let word = words.popFirst() {
            if word == "--" { return words.first }
            if word.utf8.count < 2 || word.utf8.first != UInt8(ascii: "-") { return word }
            if takesNext(word, of: command) { words = words.dropFirst() }
        }
        return nil
    }

    /// Whether the word behind an option is its value.
    private static func takesNext(_ word: String, of command: CommandSpec) -> Bool {
        if word.hasPrefix("--") {
            guard !word.contains("="),
                case .found(let option) = OptionMatch.long(String(word.dropFirst(2)), among: command.options)
            else { return false }
            return option.takesNextWord
        }
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            guard let option = OptionMatch.short(letter, among: command.options) else { return false }
            if option.value.kind != nil { return option.takesNextWord && letters.isEmpty }
        }
        return false
    }
}
