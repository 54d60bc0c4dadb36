// What may be done with the terminal, by what the environment says of it.

/// What stderr is, and how it may be written to; pure.
struct TerminalTraits: Equatable {
    /// A line can be written over: it is a terminal, and none that is only a log (TERM=dumb, CI).
    var isLive = false
    /// Colors are wanted.
    var hasColor = false
    /// It shows more than ASCII.
    var isUnicode = false
    /// It shows progress in its title or task bar by OSC 9;4; others take that for a message to be shown.
    var takesProgress = false

    /// Nothing but plain lines.
    init() {}

    /// - Parameters:
    ///   - isTerminal: stderr is one.
    ///   - variable: gives a variable of the environment.
    init(isTerminal: Bool, _ variable: (String) -> String?) {
        /// What is empty is not set (no-color.org).
        func value(_ name: String) -> String? { variable(name).flatMap { $0.isEmpty ? nil : $0 } }
        let term = value("TERM") ?? "dumb"
        let isAble = isTerminal && term != "dumb"
        isLive = isAble && [nil, "0", "false"].contains(value("CI"))
        if value("NO_COLOR") != nil {
            hasColor = false
        } else if let forced = value("CLICOLOR_FORCE"), forced != "0" {
            hasColor = true
        } else {
            hasColor = isAble && value("CLICOLOR") != "0"
        }
        let locale = (value("LC_ALL") ?? value("LC_CTYPE") ?? value("LANG") ?? "").lowercased()
        isUnicode = locale.hasSuffix("utf-8") || locale.hasSuffix("utf8")
        takesProgress = isAble && Self.takesProgress(term, value)
    }

    /// Ghostty, Windows Terminal, ConEmu, WezTerm and Konsole do, iTerm2 since 3.6.6. A multiplexer passes nothing on.
    private static func takesProgress(_ term: String, _ value: (String) -> String?) -> Bool {
        guard value("TMUX") == nil, value("STY") == nil, !term.hasPrefix("screen"), !term.hasPrefix("tmux") else {
            return false
        }
        switch value("TERM_PROGRAM") {
        case "ghostty", "WezTerm": return true
        case "iTerm.app": return isAtLeast(value("TERM_PROGRAM_VERSION") ?? "", [3, 6, 6])
        default: break
        }
        // Konsole's is its version as one number: 24.12.0 and later.
        let konsole = value("KONSOLE_VERSION").flatMap { Int($0) } ?? 0
        return value("WT_SESSION") != nil || value("ConEmuANSI") == "ON" || konsole >= 241200
    }

    private static func isAtLeast(_ version: String, _ least: [Int]) -> Bool {
        let numbers = version.split(separator: ".").map { Int($0.prefix { $0.isNumber }) ?? 0 }
        return !numbers.lexicographicallyPrecedes(least)
    }
}
