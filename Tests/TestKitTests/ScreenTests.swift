// A terminal as tests see it.

import TestKit
import Testing

@Suite struct ScreenTests {
    private func screen(_ text: String, columns: Int = 10, rows: Int = 3) -> Screen {
        var screen = Screen(columns: columns, rows: rows)
        // Sequences may come in pieces.
        for scalar in text.unicodeScalars { screen.feed(String(scalar)) }
        return screen
    }

    @Test func `text wraps and scrolls`() {
        #expect(screen("abc\r\nde").lines == ["abc", "de"])
        #expect(screen("0123456789").lines == ["0123456789"])
        #expect(screen("0123456789a").lines == ["0123456789", "a"])
        let scrolled = screen("a\r\nb\r\nc\r\nd")
        #expect(scrolled.lines == ["b", "c", "d"] && scrolled.history == ["a", "b", "c", "d"])
        #expect(screen("ab\rx").lines == ["xb"] && screen("a\nb").lines == ["a", " b"])
        let wide = screen("012345678表e\u{301}")
        #expect(wide.lines == ["012345678", "表é"] && wide.column == 3)
    }

    @Test func `the cursor moves, and what is erased is gone`() {
        #expect(screen("one\r\ntwo\r\u{1B}[1Ax\u{1B}[K").lines == ["x", "two"])
        #expect(screen("one\r\ntwo\r\nthree\u{1B}[2A\r\u{1B}[J").lines.isEmpty)
        let parts = screen("\u{1B}[?25l\u{1B}[32ma\u{1B}[0m\u{1B}]9;4;1;40\u{1B}\\\u{1B}[5n\u{1}")
        #expect(!parts.showsCursor && parts.renditions == ["32", "0"] && parts.progress == "1;40")
        #expect(parts.unknown == ["CSI 5n", "\\u{01}"] && parts.lines == ["a"])
    }

    @Test func `another size wraps lines anew`() {
        var screen = screen("0123456789\r\nabcdefgh\r\nx\r")
        screen.resize(columns: 4, rows: 4)
        #expect(screen.history == ["0123", "4567", "89", "abcd", "efgh", "x"])
        #expect(screen.lines == ["89", "abcd", "efgh", "x"] && screen.row == 3 && screen.column == 0)
        screen.resize(columns: 10, rows: 3)
        #expect(screen.lines == ["0123456789", "abcdefgh", "x"] && screen.row == 2)
    }
}
