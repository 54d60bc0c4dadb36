// The options of `snapshot` as typed values.

/// Everything that the command line says about a snapshot.
struct SnapshotOptions: Sendable, Equatable {
    /// The server, as written.
    var source: Argument
    /// What is locked.
    var tables: TablePatterns
    /// How much is said.
    var verbosity: Verbosity
    /// When to ask for a password.
    var passwordPrompt: PasswordPrompt

    /// Reads and checks the options of an invocation of `snapshot`.
    init(_ invocation: Invocation) throws(UsageError) {
        source = invocation.operands[0]
        tables = try TablePatterns(invocation)
        verbosity = invocation.has(.quiet) ? .quiet : invocation.has(.verbose) ? .verbose : .normal
        passwordPrompt = invocation.has(.noPassword) ? .never : invocation.has(.password) ? .always : .automatic
    }
}
