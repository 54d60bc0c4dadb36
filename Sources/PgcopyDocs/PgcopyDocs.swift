// Writes the files that follow from the table of commands: PgcopyDocs DIRECTORY

import Glibc
import PgcopyCLI

@main
enum DocsWriter {
    static func main() {
        guard CommandLine.arguments.count == 2 else { fail("usage: PgcopyDocs DIRECTORY") }
        let root = CommandLine.arguments[1]
        for file in GeneratedFile.all {
            write(file, below: root)
        }
    }

    private static func write(_ file: GeneratedFile, below root: String) {
        let path = root + "/" + file.path
        let folder = path[..<(path.lastIndex(of: "/") ?? path.endIndex)]
        if unsafe mkdir(String(folder), 0o777) != 0, errno != EEXIST { fail("cannot make \(folder)") }
        guard let stream = unsafe fopen(path, "w") else { fail("cannot write \(path)") }
        let isWritten = unsafe fputs(file.contents, stream) >= 0
        guard unsafe fclose(stream) == 0, isWritten else { fail("cannot write \(path)") }
    }

    private static func fail(_ message: String) -> Never {
        let line = Array("PgcopyDocs: \(message)\n".utf8)
        _ = unsafe Glibc.write(STDERR_FILENO, line, line.count)
        exit(1)
    }
}
