// The names in pg_service.conf.

internal import Glibc

/// Services that libpq would find (libpq: The Connection Service File).
package enum ServiceFile {
    /// The names of all services, in the order in which libpq looks for them.
    package static var names: [String] {
        var names: [String] = []
        for path in paths {
            let text = String(decoding: SmallFile.bytes(path) ?? [], as: UTF8.self)
            // What is no text cannot be typed.
            for name in sections(text) where !name.isEmpty && !name.contains("\u{FFFD}") && !names.contains(name) {
                names.append(name)
            }
        }
        return names
    }

    /// The user's own, then the system's, where Debian has it unless another place is named.
    private static var paths: [Path] {
        let own = variable("PGSERVICEFILE") ?? variable("HOME").map { $0 + "/.pg_service.conf" }
        let systems = (variable("PGSYSCONFDIR") ?? "/etc/postgresql-common") + "/pg_service.conf"
        return [own, systems].compactMap { $0.map { Path(Array($0.utf8)) } }
    }

    /// The sections of such a file.
    package static func sections(_ text: String) -> [String] {
        text.unicodeScalars.split { $0 == "\n" || $0 == "\r" }.compactMap { line in
            let line = line.drop { $0 == " " || $0 == "\t" }
            guard line.first == "[", let end = line.firstIndex(of: "]") else { return nil }
            return String(line[line.index(after: line.startIndex)..<end])
        }
    }

    private static func variable(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        let text = unsafe String(cString: value)
        return text.isEmpty ? nil : text
    }
}
