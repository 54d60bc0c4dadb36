// The names in pg_service.conf.

internal import CopyCore
internal import Glibc

/// Services that libpq would find.
enum ServiceFile {
    /// The names of all services, in the order in which libpq looks for them.
    static var names: [String] {
        var names: [String] = []
        for path in paths {
            for name in sections(SmallFile.text(path)) where !names.contains(name) { names.append(name) }
        }
        return names
    }

    private static var paths: [String] {
        let own = variable("PGSERVICEFILE") ?? variable("HOME").map { $0 + "/.pg_service.conf" }
        return [own, variable("PGSYSCONFDIR").map { $0 + "/pg_service.conf" }].compactMap { $0 }
    }

    /// The sections of such a file.
    static func sections(_ text: String) -> [String] {
        text.unicodeScalars.split { $0 == "\n" || $0 == "\r" }.compactMap { line in
            let line = line.drop { $0 == " " || $0 == "\t" }
            guard line.first == "[", let end = line.firstIndex(of: "]") else { return nil }
            return String(line[line.index(after: line.startIndex)..<end])
        }
    }

    /// As it is typed: a keyword string.
    static func typed(_ name: String) -> String {
        let isPlain = !name.isEmpty && name.unicodeScalars.allSatisfy { !" \t'\\".unicodeScalars.contains($0) }
        if isPlain { return "service=" + name }
        let escaped = name.unicodeScalars.map { "'\\".unicodeScalars.contains($0) ? "\\\($0)" : String($0) }
        return "service='\(escaped.joined())'"
    }

    private static func variable(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        let text = unsafe String(cString: value)
        return text.isEmpty ? nil : text
    }
}

/// Files and folders that are read at once.
enum SmallFile {
    /// The beginning of a file, a megabyte at most; empty where there is none. A named pipe keeps nobody waiting.
    static func text(_ path: String) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count < 1 << 20 {
            let count = unsafe read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The names in the folder where we are, folders with a slash.
    static var here: [[UInt8]] {
        guard let folder = unsafe opendir(".") else { return [] }
        defer { unsafe closedir(folder) }
        var names: [[UInt8]] = []
        while let entry = unsafe readdir(folder) {
            var name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
            if name == [0x2E] || name == [0x2E, 0x2E] { continue }
            var status = stat()
            let isFolder = unsafe (name + [0]).withUnsafeBytes {
                unsafe stat($0.baseAddress!.assumingMemoryBound(to: CChar.self), &status) == 0
            }
            if isFolder, status.st_mode & S_IFMT == S_IFDIR { name.append(UInt8(ascii: "/")) }
            names.append(name)
        }
        return names
    }
}
