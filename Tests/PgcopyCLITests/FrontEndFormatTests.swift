// COPY's own rules about its options, checked before anything is connected.

import Testing

@testable import PgcopyCLI

@Suite("Front end: format options")
struct FrontEndFormatTests {
    @Test(arguments: ["--header", "--delimiter=|", "--null=x", "--quote='", "--escape=x", "--encoding=LATIN1"])
    func `binary takes none of the options of text and csv`(_ option: String) throws {
        let message = try #require(transferError("--format=binary", option))
        #expect(message.hasPrefix("option \(option.prefix { $0 != "=" }) "))
        #expect(transferError("--format=csv", option) == nil)
    }

    @Test(arguments: ["--quote='", "--escape=x"])
    func `a quote and an escape are for csv only`(_ option: String) {
        #expect(transferError(option) == "option \(option.prefix { $0 != "=" }) needs --format=csv")
    }

    @Test func `a tab may be typed as two characters, as a delimiter only`() throws {
        #expect(try transfer("--delimiter=\\t").formatDetails.delimiter == 9)
        #expect(try transfer("--delimiter=\t", "--format=csv").formatDetails.delimiter == 9)
        #expect(transferError("--format=csv", "--quote=\\t") != nil)
    }

    @Test(arguments: ["", "ab", "\u{E9}", "\n", "\r", "\\n"])
    func `a delimiter, a quote or an escape is one byte, and no line end`(_ value: String) throws {
        for option in ["--delimiter", "--quote", "--escape"] {
            let message = try #require(transferError("--format=csv", option, value))
            #expect(message.hasPrefix("option \(option): "))
        }
    }

    @Test func `delimiters that text cannot have are refused, and in csv what could end the data`() {
        for forbidden in "\\.abcdefghijklmnopqrstuvwxyz0123456789" {
            #expect(
                transferError("--delimiter=\(forbidden)")
                    == "option --delimiter: \"\(forbidden)\" cannot separate columns in text format"
            )
            let endsData = "\\.".contains(forbidden)
            #expect(
                transferError("--format=csv", "--delimiter=\(forbidden)")
                    == (endsData
                        ? "option --delimiter: \"\(forbidden)\" could make the end-of-data marker of a row" : nil))
        }
        for allowed in "ABC|,; " { #expect(transferError("--delimiter=\(allowed)") == nil) }
    }

    @Test func `no row may come out as the end-of-data marker`() {
        for null in ["\\.", "x\\.", "x\\", "\\\\\\", "\\\\\\."] {
            #expect(transferError("--null", null)?.hasSuffix("could make the end-of-data marker of a row") == true)
        }
        for null in ["\\\\", "\\\\.", "\\N", "."] { #expect(transferError("--null", null) == nil) }
        #expect(transferError("--format=csv", "--null=\\.") != nil)
        #expect(transferError("--format=csv", "--null=\\") == nil)
        #expect(transferError("--format=csv", "--quote=\\") != nil)
    }

    @Test func `a header line is matched by name unless it is to be skipped`() throws {
        #expect(try transfer("--header").formatDetails.header)
        #expect(try !transfer("--header=match").formatDetails.skipsHeader)
        #expect(try transfer("--header=skip").formatDetails.skipsHeader)
        #expect(
            transferError("--header=skipp") == "option --header: \"skipp\" is none of match, skip; did you mean skip?")
    }

    @Test func `the values must not run into each other, defaults included`() {
        #expect(transferError("--format=csv", "--delimiter=\"") == "options --delimiter and --quote: they must differ")
        #expect(transferError("--format=csv", "--quote=,") == "options --delimiter and --quote: they must differ")
        #expect(transferError("--format=csv", "--quote=,", "--delimiter=;") == nil)
        #expect(transferError("--null=a|b", "--delimiter=|") != nil)
        #expect(transferError("--null=a,b", "--format=csv") != nil)
        #expect(transferError("--null=a,b") == nil)
        #expect(
            transferError("--delimiter=N") == "options --delimiter and --null: the delimiter cannot occur in \"\\N\"")
        #expect(transferError("--null=a\nb") == "option --null: its value cannot hold a newline or carriage return")
        #expect(transferError("--null=a\rb") != nil)
        #expect(transferError("--null=\"\"", "--format=csv") != nil)
        #expect(transferError("--null=") == nil)
    }
}
