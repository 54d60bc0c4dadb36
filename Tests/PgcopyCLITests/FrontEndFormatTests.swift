// COPY's own rules about its options, checked before anything is connected.

import Testing

@testable import PgcopyCLI

@Suite("Front end: format options")
struct FrontEndFormatTests {
    @Test(
        "Binary has none of them",
        arguments: ["--header", "--delimiter=|", "--null=x", "--quote='", "--escape=x", "--encoding=LATIN1"])
    func binary(_ option: String) throws {
        let message = try #require(transferError("--format=binary", option))
        #expect(message.hasPrefix("option \(option.prefix { $0 != "=" }) "))
        #expect(transferError("--format=csv", option) == nil)
    }

    @Test("Quote and escape are csv's", arguments: ["--quote='", "--escape=x"])
    func csvOnly(_ option: String) {
        #expect(transferError(option) == "option \(option.prefix { $0 != "=" }) needs --format=csv")
    }

    @Test("A tab may be typed as two characters, as a delimiter only")
    func tab() throws {
        #expect(try transfer("--delimiter=\\t").formatDetails.delimiter == 9)
        #expect(try transfer("--delimiter=\t", "--format=csv").formatDetails.delimiter == 9)
        #expect(transferError("--format=csv", "--quote=\\t") != nil)
    }

    @Test("One byte", arguments: ["", "ab", "\u{E9}", "\n", "\r", "\\n"])
    func oneByte(_ value: String) throws {
        for option in ["--delimiter", "--quote", "--escape"] {
            let message = try #require(transferError("--format=csv", option, value))
            #expect(message.hasPrefix("option \(option): "))
        }
    }

    @Test("Delimiters that text cannot have")
    func textDelimiters() {
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

    @Test("No row may come out as the end-of-data marker")
    func marker() {
        for null in ["\\.", "x\\.", "x\\", "\\\\\\", "\\\\\\."] {
            #expect(transferError("--null", null)?.hasSuffix("could make the end-of-data marker of a row") == true)
        }
        for null in ["\\\\", "\\\\.", "\\N", "."] { #expect(transferError("--null", null) == nil) }
        #expect(transferError("--format=csv", "--null=\\.") != nil)
        #expect(transferError("--format=csv", "--null=\\") == nil)
        #expect(transferError("--format=csv", "--quote=\\") != nil)
    }

    @Test("A header line is matched by name unless it is to be skipped")
    func header() throws {
        #expect(try transfer("--header").formatDetails.header)
        #expect(try !transfer("--header=match").formatDetails.skipsHeader)
        #expect(try transfer("--header=skip").formatDetails.skipsHeader)
        #expect(
            transferError("--header=skipp") == "option --header: \"skipp\" is none of match, skip; did you mean skip?")
    }

    @Test("The values must not run into each other, defaults included")
    func mutual() {
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
