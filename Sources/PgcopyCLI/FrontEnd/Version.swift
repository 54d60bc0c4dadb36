// The version, once.

/// The version that `--version` and the man pages name.
public enum Version {
    /// Major, minor, patch.
    public static let current = "0.1.0"
}
