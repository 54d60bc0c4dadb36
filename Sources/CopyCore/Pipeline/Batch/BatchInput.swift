// Where the statements of a batch come from.

internal import Glibc

/// Statements of texts, a file or a stream, read as they are wanted.
public final class BatchInput {
    private enum Source {
        case texts(ArraySlice<String>)
        case descriptor(CInt)
    }

    private var source: Source
    private let file: OpenFile?
    private var splitter = StatementSplitter()
    private var count = 0
    private var isAtStart = true
    private var buffer: [UInt8] = []
    /// Of some session: what resets its settings turns standard_conforming_strings off.
    public var isOffByDefault = false
    /// No statement comes any more.
    private(set) var hasEnded = false

    private init(_ source: Source, _ file: OpenFile? = nil) {
        self.source = source
        self.file = file
    }

    /// Texts; a statement does not go on from one to the next.
    public static func texts(_ texts: [String]) -> BatchInput { BatchInput(.texts(texts[...])) }

    /// What an open descriptor gives until its end.
    public static func descriptor(_ descriptor: CInt) -> BatchInput { BatchInput(.descriptor(descriptor)) }

    /// A file.
    public static func file(_ path: Path, poller: any Poller) throws -> BatchInput {
        let file = try OpenFile.reading(path, poller)
        return BatchInput(.descriptor(file.descriptor), file)
    }

    /// Reads once, or says what it waits for. Nothing is read behind a statement that is refused.
    func read(_ take: (BatchStatement) -> Void) throws -> Interest? {
        switch source {
        case .texts(var texts):
            guard let text = texts.popFirst() else {
                hasEnded = true
                return nil
            }
            source = .texts(texts)
            split(text.utf8, take)
            end(take)
            hasEnded = hasEnded || texts.isEmpty
            return nil
        case .descriptor(let descriptor):
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let interest = Interest(descriptor, .read)
            guard unsafe poll(&entry, 1, 0) > 0 else { return interest }
            if buffer.isEmpty { buffer = [UInt8](repeating: 0, count: 1 << 16) }
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 {
                guard errno == EINTR || errno == EAGAIN else { throw PgcopyError.systemNow("cannot read") }
                return interest
            }
            if count == 0 {
                end(take)
                hasEnded = true
            } else {
                split(buffer[..<count].dropFirst(byteOrderMark(count)), take)
            }
            return nil
        }
    }

    /// Editors on Windows put one before the text.
    private func byteOrderMark(_ count: Int) -> Int {
        defer { isAtStart = false }
        return isAtStart && count >= 3 && buffer[..<3] == [0xEF, 0xBB, 0xBF] ? 3 : 0
    }

    private func split(_ bytes: some Sequence<UInt8>, _ take: (BatchStatement) -> Void) {
        for byte in bytes where !hasEnded {
            if let statement = splitter.push(byte) { number(statement, take) }
        }
    }

    private func end(_ take: (BatchStatement) -> Void) {
        if !hasEnded, let last = splitter.finish() { number(last, take) }
    }

    private func number(_ statement: SQLStatement, _ take: (BatchStatement) -> Void) {
        count += 1
        let numbered = BatchStatement(statement, number: count, isOffByDefault: isOffByDefault)
        if numbered.refusal != nil { hasEnded = true }
        take(numbered)
    }
}
