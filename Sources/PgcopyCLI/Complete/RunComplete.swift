// `pgcopy __complete`, which the completion scripts run: values, one a line, and silence where there are none.

internal import CopyCore
internal import Glibc

/// Prints what could stand there. Whatever goes wrong is no concern of who presses a key: nothing is said, and it is over soon.
func runComplete(_ arguments: [Argument]) -> Int32 {
    Silence.begin()
    guard let request = CompletionRequest(arguments) else { return ExitCode.success }
    let completion = Completion(request)
    completion.printReplaced()
    // What is near goes first: a server may not answer in time.
    completion.printLocal()
    completion.printRemote()
    return ExitCode.success
}

/// Nothing on stderr, and an end.
private enum Silence {
    /// Seconds: whoever pressed a key waits.
    private static let patience: UInt32 = 1

    static func begin() {
        let nowhere = unsafe open("/dev/null", O_WRONLY | O_CLOEXEC)
        if nowhere >= 0 { dup2(nowhere, STDERR_FILENO) }
        signal(SIGALRM) { _ in _exit(0) }
        alarm(patience)
    }
}

private struct Completion {
    private let request: CompletionRequest
    private let output = TextOutput(blocking: STDOUT_FILENO)

    init(_ request: CompletionRequest) { self.request = request }

    private var value: String { request.word.value }

    /// Bash puts what all have in common in place of this: its script takes care that it is no less.
    func printReplaced() {
        guard request.shell == .bash else { return }
        // Always a line: values follow it.
        output.pending += (request.word.replaced.utf8.contains(0x0A) ? "\n" : request.word.replaced + "\n").utf8
    }

    func printLocal() {
        guard request.kind == .endpoint || request.kind == .connection else { return }
        print(ServiceFile.names.map(ServiceFile.typed), "service")
        guard request.kind == .endpoint, !value.hasPrefix("-") else { return }
        if value.hasPrefix("file:") { return printFiles(beginning: String(value.dropFirst(5)), behind: "file:") }
        // A name alone would be a database's. What begins with a dot fish keeps back until one is typed.
        if !value.contains("/") { printFiles(beginning: value, behind: request.shell == .fish ? "file:" : "./") }
    }

    private func printFiles(beginning start: String, behind prefix: String) {
        let files = FileNames.beginning(with: Array(start.utf8)).map(RawText.decoding)
        print(files.map { prefix + $0 }.sorted(), "file", behind: prefix + start)
    }

    func printRemote() {
        let names = ServerNames()
        switch request.kind {
        case .endpoint, .connection:
            if let (conninfo, name) = table {
                let tables = names.tables(name, at: conninfo).map { conninfo + "#" + $0 }
                return print(tables, "table", behind: conninfo + "#")
            }
            guard !value.contains(where: { "/=:#".contains($0) }), !value.hasPrefix("-") else { return }
            print(names.databases(value).filter(isBareName), "database")
        case .table, .schema:
            guard let source = request.source, let prefix = NamePrefix(value),
                let endpoint = try? Endpoint(parsing: Array(source.utf8)),
                case .server(let conninfo, _) = endpoint.kind
            else { return }
            if request.kind == .table { return print(names.tables(prefix, at: conninfo), "table", behind: "") }
            if prefix.schema == nil { print(names.schemas(prefix, at: conninfo), "schema", behind: "") }
        }
    }

    /// The endpoint before `#`, and what of the table's name is there.
    private var table: (conninfo: String, name: NamePrefix)? {
        guard request.kind == .endpoint else { return nil }
        for (place, scalar) in zip(value.unicodeScalars.indices, value.unicodeScalars) where scalar == "#" {
            let conninfo = String(value.unicodeScalars[..<place])
            guard let name = NamePrefix(String(value.unicodeScalars[value.unicodeScalars.index(after: place)...])),
                let endpoint = try? Endpoint(parsing: Array(conninfo.utf8)), endpoint.isServer
            else { continue }
            return (conninfo, name)
        }
        return nil
    }

    /// It is read as that database's, wherever it stands.
    private func isBareName(_ name: String) -> Bool {
        guard !name.hasPrefix("-"), let endpoint = try? Endpoint(parsing: Array(name.utf8)),
            case .server(name, nil) = endpoint.kind
        else { return false }
        return true
    }

    /// Prints those that go on from what is typed.
    /// - Parameters:
    ///   - kind: what they are, for a shell that shows it.
    ///   - start: what they have in common with it; nil: the whole value.
    private func print(_ values: [String], _ kind: String, behind start: String? = nil) {
        let start = start ?? value
        for value in values where value.unicodeScalars.starts(with: start.unicodeScalars) {
            // What is no text, or would be two lines, nobody can type.
            guard RawText.shown(value) == value, value == Echo.lines(value), !value.utf8.contains(where: { $0 < 0x20 })
            else {
                continue
            }
            guard let typed = request.shell == .bash ? request.word.replacement(for: value) : value else { continue }
            output.pending += typed.utf8
            if request.shell == .fish { output.pending += "\t\(value.hasSuffix(".") ? "schema" : kind)".utf8 }
            output.pending.append(UInt8(ascii: "\n"))
        }
        try? output.write([])
    }
}
