// The version, once.

/// The version that `--version` and the man pages name.
public enum Version {
    /// Major, minor, patch.
    public static let current = "0.1.0"
    /// The day of that version, for the man pages; it changes together with the number above.
    static let date = "2026-11-21"
}
