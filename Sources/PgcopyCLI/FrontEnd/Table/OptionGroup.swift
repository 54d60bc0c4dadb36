// Options that belong together, under one title.

/// A group of options in the help and the man page.
struct OptionGroup: Sendable {
    /// The title, without a colon.
    let title: String
    /// In the order of the documentation.
    let options: [OptionSpec]
}
