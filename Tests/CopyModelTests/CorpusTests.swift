// The fuzzer's corpus, replayed.

import CopyModel
import Glibc
import Testing

@Suite("The corpus of the fuzz target")
struct CorpusTests {
    private static var folder: String {
        let file = #filePath
        return file[..<file.lastIndex(of: "/")!] + "/Corpus"
    }

    private static func files() -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    private static func contents(_ name: String) throws -> [UInt8] {
        let file = try #require(fopen(folder + "/" + name, "r"))
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }

    @Test func `every input gives the same, however it is cut`() throws {
        let files = Self.files()
        #expect(files.count >= 20)
        for file in files {
            #expect(try parsersAgree(on: Self.contents(file)), "\(file)")
        }
    }

    @Test func `a stream of a server comes apart into rows and messages`() throws {
        let exercise = try ParserExercise(Self.contents("copy-out")) { 7 }
        #expect(exercise.malformation == nil)
        #expect(exercise.rows == 3)
        #expect(exercise.payload == Array("1\tone\n2\ttwo\n3\t\\N\n".utf8))
        #expect(exercise.messages.map(\.kind) == [.copyOut, .notice, .copyDone, .commandComplete, .readyForQuery])
    }
}
