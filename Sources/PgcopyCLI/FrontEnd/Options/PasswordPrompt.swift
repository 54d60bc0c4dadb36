// When to ask for a password.

/// What `--no-password` and `--password` choose.
public enum PasswordPrompt: Sendable {
    /// When a server wants one and none is known.
    case automatic
    /// Not even then.
    case never
    /// Before connecting.
    case always
}
