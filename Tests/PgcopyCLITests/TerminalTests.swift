// What is written to a terminal, as a person sees it.

import CopyModel
import TestKit
import Testing

@testable import CopyCore
@testable import PgcopyCLI

/// A terminal that shows what it is given, unless it is held.
final class FakeDevice: TerminalDevice {
    var screen: Screen
    var written = ""
    var isHeld = false
    var isLent = false
    var wasAway = false

    init(columns: Int, rows: Int) {
        screen = Screen(columns: columns, rows: rows) { max(0, TextWidth.of($0)) }
    }

    var size: (columns: Int, rows: Int) { (screen.columns, screen.rows) }

    func takeAbsence() -> Bool {
        defer { wasAway = false }
        return wasAway
    }

    /// A terminal ends lines as the kernel does for it (onlcr).
    func write(_ text: String) {
        written += text
        var translated = ""
        for scalar in text.unicodeScalars {
            translated += (scalar == "\n" && translated.unicodeScalars.last != "\r" ? "\r" : "") + String(scalar)
        }
        screen.feed(translated)
    }

    func offer(_ text: String) -> Bool {
        if !isHeld { write(text) }
        return !isHeld
    }

    func resize(_ columns: Int, _ rows: Int) { screen.resize(columns: columns, rows: rows) }
}

struct `A terminal` {
    private let device = FakeDevice(columns: 20, rows: 9)
    private func terminal(color: Bool = false, progress: Bool = false) -> Terminal {
        var traits = TerminalTraits()
        (traits.isLive, traits.hasColor, traits.takesProgress) = (true, color, progress)
        return Terminal(traits, device)
    }
    private func lines(_ texts: String...) -> [StyledText] { texts.map { StyledText($0) } }

    @Test func `shows lines in place, and messages scroll above them`() {
        let terminal = terminal()
        terminal.write("hello\n")
        terminal.show(lines("one", "two"), .none)
        #expect(device.screen.lines == ["hello", "one", "two"] && device.screen.row == 2 && device.screen.column == 0)
        terminal.show(lines("one", "2"), .none)
        #expect(device.screen.lines == ["hello", "one", "2"])
        terminal.write("a message that is longer than this\n")
        #expect(device.screen.lines == ["hello", "a message that is lo", "nger than this", "one", "2"])
        terminal.show(lines("one", "two", "three"), .none)
        terminal.write("b\nc\n")
        #expect(device.screen.history.suffix(5) == ["b", "c", "one", "two", "three"])
        terminal.show(lines("1"), .none)
        #expect(device.screen.history.suffix(3) == ["b", "c", "1"])
        terminal.close()
        #expect(device.screen.history.last == "c" && device.screen.column == 0 && device.screen.unknown == [])
        #expect(device.screen.showsCursor && !device.written.contains("?25l"))
    }

    @Test func `writes nothing where nothing changes, and only what does`() {
        let terminal = terminal()
        terminal.show(lines("one", "two", "three"), .none)
        device.written = ""
        terminal.show(lines("one", "two", "three"), .none)
        #expect(device.written.isEmpty)
        terminal.show(lines("one", "TWO", "three"), .none)
        #expect(device.written.contains("TWO") && !device.written.contains("one") && !device.written.contains("three"))
        #expect(!device.written.contains("\u{1B}[J") && device.screen.lines == ["one", "TWO", "three"])
    }

    @Test func `follows the window's size`() {
        let terminal = terminal()
        terminal.write("above\n")
        terminal.show(lines("0123456789abcdef", "x"), .none)
        device.resize(10, 9)
        terminal.show(lines("0123456789abcdef", "y"), .none)
        #expect(device.screen.lines == ["above", "01234567…", "y"])
        device.resize(30, 9)
        terminal.show(lines("0123456789abcdef", "z"), .none)
        #expect(device.screen.lines == ["above", "0123456789abcdef", "z"])
        device.resize(5, 9)
        terminal.show(lines("z"), .none)
        terminal.close()
        #expect(device.screen.history == ["above"])
    }

    @Test func `a terminal that is held gets the next picture whole`() {
        let terminal = terminal()
        terminal.show(lines("one", "two"), .none)
        device.isHeld = true
        terminal.show(lines("1", "2", "3"), .none)
        device.isHeld = false
        terminal.show(lines("one", "2"), .none)
        #expect(device.screen.lines == ["one", "2"])
    }

    @Test func `who asks for a password has it alone`() {
        let terminal = terminal()
        terminal.show(lines("one"), .none)
        terminal.lend {
            #expect(device.screen.lines.isEmpty)
            device.write("Password: ")
            terminal.show(lines("two"), .none)
            terminal.write("a message\n")
            #expect(device.screen.lines == ["Password:"])
            device.write("\n")
        }
        terminal.show(lines("three"), .none)
        #expect(device.screen.lines == ["Password:", "a message", "three"])
    }

    @Test func `behind ^Z and fg it is shown anew, in the background not at all`() {
        let terminal = terminal(progress: true)
        terminal.show(lines("one", "two"), .percent(7))
        device.write("\r\n$ fg\r\n")
        device.wasAway = true
        terminal.show(lines("one", "three"), .percent(7))
        #expect(device.screen.lines == ["one", "two", "$ fg", "one", "three"] && device.screen.progress == "1;7")
        device.write("\r\n$ bg\r\n$ ")
        (device.wasAway, device.isLent) = (true, true)
        terminal.show(lines("one", "four"), .none)
        #expect(device.screen.lines.last == "$")
        terminal.write("a\n")
        #expect(device.screen.lines.last == "$ a")
        device.isLent = false
        terminal.show(lines("five"), .none)
        #expect(device.screen.lines.last == "five")
    }

    @Test func `progress beside the text is taken back at the end`() {
        let terminal = terminal(progress: true)
        for (progress, parameters) in [
            (Terminal.Progress.unknown, "3;0"), (.percent(40), "1;40"), (.waiting(40), "4;40"), (.failed(41), "2;41"),
        ] {
            terminal.show(lines("x"), progress)
            #expect(device.screen.progress == parameters)
        }
        terminal.close()
        terminal.show(lines("x"), .unknown)
        #expect(device.screen.progress == "0;0" && device.screen.lines.isEmpty)
        let silent = FakeDevice(columns: 20, rows: 5)
        var traits = TerminalTraits()
        traits.isLive = true
        Terminal(traits, silent).show(lines("x"), .percent(4))
        #expect(!silent.written.contains("]9;4"))
    }

    @Test func `colors only where they are wanted`() {
        var text = StyledText("good", .good)
        text.append(" and bad", .bad)
        terminal(color: true).show([text], .none)
        #expect(device.screen.renditions == ["32", "0", "31", "0"] && device.screen.lines == ["good and bad"])
        device.written = ""
        terminal().show([text], .none)
        #expect(!device.written.contains("[3"))
    }
}

struct `A terminal's traits` {
    private func traits(_ variables: [String: String], isTerminal: Bool = true) -> TerminalTraits {
        TerminalTraits(isTerminal: isTerminal) { variables[$0] }
    }

    @Test func `live is a terminal that is no log`() {
        #expect(traits(["TERM": "xterm"]).isLive && !traits(["TERM": "xterm"], isTerminal: false).isLive)
        #expect(!traits([:]).isLive && !traits(["TERM": "dumb"]).isLive && !traits(["TERM": ""]).isLive)
        #expect(!traits(["TERM": "xterm", "CI": "true"]).isLive && !traits(["TERM": "xterm", "CI": "1"]).isLive)
        for no in ["", "0", "false"] { #expect(traits(["TERM": "xterm", "CI": no]).isLive) }
    }

    @Test func `colors by NO_COLOR, CLICOLOR_FORCE and CLICOLOR`() {
        #expect(traits(["TERM": "xterm"]).hasColor && !traits(["TERM": "dumb"]).hasColor)
        #expect(
            !traits(["TERM": "xterm", "NO_COLOR": "1"]).hasColor && traits(["TERM": "xterm", "NO_COLOR": ""]).hasColor)
        #expect(!traits(["TERM": "xterm", "CLICOLOR": "0"]).hasColor && !traits([:], isTerminal: false).hasColor)
        #expect(traits(["CLICOLOR_FORCE": "1"], isTerminal: false).hasColor)
        #expect(!traits(["CLICOLOR_FORCE": "1", "NO_COLOR": "1"], isTerminal: false).hasColor)
        #expect(!traits(["CLICOLOR_FORCE": "0"], isTerminal: false).hasColor)
    }

    @Test func `more than ASCII by the locale`() {
        for locale in ["C.UTF-8", "de_DE.utf8", "en_US.UTF-8"] { #expect(traits(["LANG": locale]).isUnicode) }
        #expect(!traits([:]).isUnicode && !traits(["LANG": "C"]).isUnicode)
        #expect(
            !traits(["LC_ALL": "C", "LANG": "C.UTF-8"]).isUnicode
                && traits(["LC_ALL": "", "LANG": "C.UTF-8"]).isUnicode)
    }

    @Test func `progress only where it is known to be taken`() {
        func takes(_ variables: [String: String]) -> Bool {
            traits(variables.merging(["TERM": "xterm"]) { own, _ in own }).takesProgress
        }
        #expect(!takes([:]) && takes(["TERM_PROGRAM": "ghostty"]) && takes(["TERM_PROGRAM": "WezTerm"]))
        #expect(takes(["WT_SESSION": "x"]) && takes(["ConEmuANSI": "ON"]) && !takes(["ConEmuANSI": "OFF"]))
        #expect(takes(["KONSOLE_VERSION": "250400"]) && !takes(["KONSOLE_VERSION": "220401"]))
        for (version, does) in [
            ("3.6.6", true), ("3.6.10", true), ("4", true), ("3.6.5", false), ("3.5.14", false), ("", false),
        ] {
            #expect(takes(["TERM_PROGRAM": "iTerm.app", "TERM_PROGRAM_VERSION": version]) == does, "\(version)")
        }
        #expect(
            !takes(["TERM_PROGRAM": "ghostty", "TMUX": "x"]) && !takes(["TERM": "screen-256color", "WT_SESSION": "x"]))
        #expect(!traits(["TERM": "xterm", "TERM_PROGRAM": "ghostty"], isTerminal: false).takesProgress)
    }
}

struct `Text in columns` {
    @Test func `wide characters take two, accents none`() {
        #expect(TextWidth.of("abc") == 3 && TextWidth.of("") == 0 && TextWidth.of("表格") == 4)
        #expect(TextWidth.of("e\u{301}") == 1 && TextWidth.of("ü") == 1 && TextWidth.of("🦆") == 2)
        #expect(TextWidth.of("\u{1B}" as Unicode.Scalar) == -1)
        #expect(TextWidth.padded("表", to: 4) == "表  " && TextWidth.padded("abc", to: 2) == "abc")
    }

    @Test func `what has no room is cut, between characters`() {
        #expect(TextWidth.fitted("abcdef", to: 6) == "abcdef" && TextWidth.fitted("abcdef", to: 4) == "abc…")
        #expect(TextWidth.fitted("表格表", to: 4) == "表…" && TextWidth.fitted("表格表", to: 5) == "表格…")
        #expect(TextWidth.fitted("ab", to: 0) == "" && TextWidth.fitted("ab", to: 1) == "…")
        var text = StyledText("abc", .good)
        text.append("defgh", .bad)
        #expect(text.width == 8 && text.fitted(to: 8) == text)
        for columns in 0..<8 {
            let fitted = text.fitted(to: columns)
            #expect(fitted.width == columns, "\(columns): \(fitted)")
            #expect(columns == 0 || fitted.pieces.last?.text.last == "…", "\(columns): \(fitted)")
        }
    }
}
