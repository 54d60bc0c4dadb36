// Rows of `exec` as tables and as JSON, without a server.

import Testing

@testable import CopyModel
@testable import PgcopyCLI

@Suite struct `rows of exec` {
    private func bytes(_ values: String?...) -> [[UInt8]?] { values.map { $0.map { Array($0.utf8) } } }

    private func table(_ columns: (String, Bool)...) -> RowTable {
        RowTable(columns.map { RowTable.Column(name: Array($0.0.utf8), isNumeric: $0.1) })
    }

    @Test func `are a table as wide as its widest value`() {
        var table = table(("n", true), ("näme", false), ("end", false))
        var text: [UInt8] = []
        table.add(bytes("7", "x", nil), to: &text)
        table.add(bytes("1000", "日本語", "z"), to: &text)
        table.add(bytes(nil, "a\nb\tc\u{1B}", "y\n"), to: &text)
        #expect(text.isEmpty)
        table.end(isWhole: true, to: &text)
        #expect(
            String(decoding: text, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false) == [
                "  n   |     näme      | end ", "------+---------------+-----", "    7 | x             | ",
                " 1000 | 日本語        | z", "      | a            +| y  +", "      | b       c\\x1B | ", "(3 rows)", "",
                "",
            ])
    }

    @Test func `that are more than it keeps flow, and a wider one sticks out`() {
        var table = table(("n", true), ("m", false))
        var text: [UInt8] = []
        table.add(bytes("1", "a"), to: &text)
        #expect(table.size > 64)
        table.flow(to: &text)
        #expect(String(decoding: text, as: UTF8.self) == " n | m \n---+---\n 1 | a\n")
        text = []
        table.add(bytes("1234", "b"), to: &text)
        #expect(String(decoding: text, as: UTF8.self) == " 1234 | b\n" && table.size == 0)
        text = []
        // A result that failed on its way has no number of rows.
        table.end(isWhole: false, to: &text)
        #expect(String(decoding: text, as: UTF8.self) == "\n")
    }

    @Test func `without columns or rows are told by their number`() {
        var text: [UInt8] = []
        var none = table()
        none.add([], to: &text)
        none.end(isWhole: true, to: &text)
        var empty = table(("a", false))
        empty.end(isWhole: true, to: &text)
        #expect(String(decoding: text, as: UTF8.self) == "--\n(1 row)\n\n a \n---\n(0 rows)\n\n")
    }

    @Test(arguments: [
        ("a", 1), ("é", 1), ("e\u{301}", 1), ("日", 2), ("👍", 2), ("\u{200B}", 0), ("\u{1B}", 0), ("", 0),
    ])
    func `text takes as many columns as a terminal gives it`(_ text: String, _ width: Int) {
        #expect(TextWidth.of(text) == width)
    }

    @Test func `no byte of a value moves a terminal's cursor`() {
        let cell = TableCell(Array("a\r\u{7F}\u{9B}b".utf8) + [0xFF])
        #expect(String(decoding: cell.lines[0].bytes, as: UTF8.self) == "a\\r\\x7F\\u009Bb\\xFF")
        #expect(cell.lines.count == 1 && cell.width == 18)
    }

    private func json(_ value: String, _ type: UInt32) -> String {
        var bytes: [UInt8] = []
        ExecJSONRow.append(Array(value.utf8), type, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `are numbers in JSON where a double holds them`() {
        #expect(json("-12", 23) == "-12" && json("7", 21) == "7" && json("4294967295", 26) == "4294967295")
        #expect(json("9007199254740992", 20) == "9007199254740992")
        #expect(json("9007199254740993", 20) == "\"9007199254740993\"")
        #expect(json("-9223372036854775808", 20) == "\"-9223372036854775808\"")
        #expect(json("1.5e+300", 701) == "1.5e+300" && json("-0", 701) == "-0" && json("1e-05", 700) == "1e-05")
        for word in ["NaN", "Infinity", "-Infinity"] { #expect(json(word, 701) == "\"\(word)\"") }
        #expect(json("2.50", 1700) == "\"2.50\"")
    }

    @Test func `are in JSON what JSON has, and else text`() {
        #expect(json("t", 16) == "true" && json("f", 16) == "false")
        #expect(json("{\"a\":\n [1,\r\n2]}", 114) == "{\"a\":  [1,  2]}" && json("null", 3802) == "null")
        #expect(json("a\"b\\c\nd\u{7F}é", 25) == #""a\"b\\c\nd\u007fé""# && json("", 25) == "\"\"")
        var bytes: [UInt8] = []
        ExecJSONRow.append([0x22, 0xFF, 0x22], 114, to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == #""\"\\xFF\"""#)
    }

    @Test func `are objects by their columns, or two lists where two have one name`() {
        var text: [UInt8] = []
        let row = ExecJSONRow(connection: "a\"b", statement: 3, columns: [("n", 23), ("s", 25)])
        row.append(bytes("1", nil), to: &text)
        ExecJSONRow(connection: "c", statement: 4, columns: []).append([], to: &text)
        ExecJSONRow(connection: "c", statement: 5, columns: [("n", 23), ("n", 25)]).append(bytes("1", "2"), to: &text)
        #expect(
            String(decoding: text, as: UTF8.self) == #"""
                {"type":"row","connection":"a\"b","statement":3,"row":{"n":1,"s":null}}
                {"type":"row","connection":"c","statement":4,"row":{}}
                {"type":"row","connection":"c","statement":5,"columns":["n","n"],"values":[1,"2"]}

                """#)
    }

    @Test func `are csv as COPY writes it`() {
        var text: [UInt8] = []
        CSVRow.append(bytes("a,b", nil, "", "c\"d", "e\nf", "g\rh", "plain", "\\."), to: &text)
        CSVRow.append(bytes(nil), to: &text)
        CSVRow.append(bytes("\\."), to: &text)
        CSVRow.append([], to: &text)
        #expect(
            String(decoding: text, as: UTF8.self)
                == "\"a,b\",,\"\",\"c\"\"d\",\"e\nf\",\"g\rh\",plain,\\.\n\n\"\\.\"\n\n")
        #expect(CSVRow.decodeBytes(Array("\"a,b\",,\"c\"\"d\"\n".utf8)).count == 3)
    }
}
