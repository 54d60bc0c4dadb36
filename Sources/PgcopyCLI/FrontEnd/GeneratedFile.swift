// The files of the repository that follow from the table.

/// A committed file that is made from the table.
public struct GeneratedFile: Sendable {
    /// Below the root of the repository.
    public let path: String
    /// What it must hold.
    public let contents: String

    /// Every such file.
    public static var all: [GeneratedFile] {
        let pages = CommandTable.commands.filter(\.hasManPage).map {
            GeneratedFile(path: "man/pgcopy-\($0.name.rawValue).1", contents: ManPage.command($0))
        }
        let scripts = Shell.allCases.map {
            GeneratedFile(path: "completions/" + $0.scriptName, contents: CompletionScript.text(for: $0))
        }
        return [GeneratedFile(path: "man/pgcopy.1", contents: ManPage.overview)] + pages + scripts
    }
}
