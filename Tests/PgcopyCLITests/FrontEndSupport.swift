// Short ways to say what the front-end tests say often.

import Testing

@testable import PgcopyCLI

/// Arguments from words.
func arguments(_ words: [String]) -> [Argument] { words.map { Argument($0) } }

/// The options of `pgcopy transfer WORDS... here there`.
func transfer(_ words: String...) throws -> TransferOptions {
    try TransferOptions(invocation(["transfer"] + words + ["here", "there"]))
}

/// The invocation that the words are parsed as.
func invocation(_ words: [String]) throws -> Invocation {
    let request = try Parser.parse(arguments(words))
    guard case .run(let invocation) = request else {
        Issue.record("\(words) asks for \(request), not for a command")
        throw UsageError("no invocation", in: nil)
    }
    return invocation
}

/// The message of the usage error that the words are; nil where they are none.
func usageError(_ words: [String]) -> String? {
    do throws(UsageError) {
        guard case .run(let invocation) = try Parser.parse(arguments(words)) else { return nil }
        switch invocation.command.name {
        case .transfer: _ = try TransferOptions(invocation)
        case .listen: _ = try ListenOptions(invocation)
        case .snapshot: _ = try SnapshotOptions(invocation)
        case .notify: _ = try NotifyOptions(invocation)
        case .exec: _ = try ExecOptions(invocation)
        case .completions, .help: break
        }
        return nil
    } catch {
        return error.message
    }
}

/// As `usageError`, of `pgcopy transfer WORDS... here there`.
func transferError(_ words: String...) -> String? {
    usageError(["transfer"] + words + ["here", "there"])
}

extension WallTime {
    /// 1970.
    static let epoch = WallTime(milliseconds: 0)
}
