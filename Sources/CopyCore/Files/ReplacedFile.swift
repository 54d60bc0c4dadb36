// A small file that is written anew again and again while others read it.

/// Replaced as a whole: whoever reads it sees an old text or a new one. It is not flushed to disk: soon there is another.
package struct ReplacedFile {
    private let path: Path

    /// - Throws: `PgcopyError` with `.system` where it could not be replaced; nothing is left of the attempt.
    package init(_ path: Path) throws(PgcopyError) {
        guard try OpenFile.isReplaceable(path) else {
            throw PgcopyError(.system, "a device, a pipe or a socket cannot be replaced")
        }
        self.path = path
        _ = try PendingFile(replacing: path)
    }

    /// Replaces what it holds.
    package func replace(by text: String) throws {
        let file = try PendingFile(replacing: path)
        let writer = DescriptorWriter(blocking: file.descriptor)
        var rest = Array(text.utf8)
        while try !rest.isEmpty && writer.write(&rest) == nil {}
        try file.commit(flushing: false)
    }

    /// What it holds; nil where nothing is there, or more than a small file holds.
    package var text: String? { SmallFile.bytes(path).map { String(decoding: $0, as: UTF8.self) } }
}
