// Role: what `--progress json` promises, checked of every run that asks for it.

/// The records of a run of `pgcopy transfer`.
public enum RecordCheck {
    /// The schema that is shipped, read once.
    private static let schema: Result<JSONValue, any Error> = Result {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
            .joined(separator: "/")
        return try JSONValue(parsing: readFile(root + "/man/pgcopy-records.schema.json"))
    }

    /// What is wrong with lines that are to be records of one run, the last one included where it has ended.
    /// - Parameter exitCode: how the run ended; nil: it was killed, and whatever it was at is not there.
    public static func faults(of text: [UInt8], exitCode: Int32?) throws -> [String] {
        let schema = try JSONSchema(schema.get())
        var lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let last = lines.popLast() ?? []
        var faults = last.isEmpty || exitCode == nil ? [] : ["the last line has no end"]
        var records: [JSONValue] = []
        for line in lines {
            do {
                let record = try JSONValue(parsing: Array(line))
                records.append(record)
                faults += schema.faults(of: record).map { "\($0): \(String(decoding: line, as: UTF8.self))" }
            } catch {
                faults.append("\(error)")
            }
        }
        if Set(records.map { $0["run"] }).count > 1 { faults.append("its records are those of several runs") }
        guard let exitCode else { return faults }
        let summaries = records.filter { $0["type"]?.text == "summary" }
        if summaries.count != 1 || records.last?["type"]?.text != "summary" {
            faults.append("the last record, and no other, is to be the summary")
        } else if summaries[0]["exit_code"]?.double != Double(exitCode) {
            faults.append("the summary says another exit code than \(exitCode)")
        }
        return faults
    }

    /// Throws where a program promised records and wrote something else.
    static func check(_ program: Program, _ result: ProgramResult) throws {
        guard isPromised(by: program) else { return }
        let faults = try faults(of: result.standardError, exitCode: result.code)
        guard faults.isEmpty else {
            throw KitError("records are not as promised:\n\(faults.joined(separator: "\n"))\n\(result)")
        }
    }

    private static func isPromised(by program: Program) -> Bool {
        let words = program.rawArguments.map { String(decoding: $0, as: UTF8.self) }
        let options = words.prefix { $0 != "--" }
        let isAsked =
            options.contains("--progress=json")
            || zip(options, options.dropFirst()).contains { $0 == "--progress" && $1 == "json" }
        let helps = ["--help", "-?", "--version", "-V"]
        let others = ["listen", "notify", "exec", "snapshot", "completions", "help"]
        return isAsked && program.executable.hasSuffix("pgcopy") && !options.contains(where: helps.contains)
            && !others.contains(words.first ?? "") && !(program.terminal?.contains(.errors) ?? false)
    }
}
