// Streams that are no rows at all, known by their first bytes.

/// Data that somebody took for COPY's.
public enum ForeignData: Sendable, Hashable, CaseIterable {
    case gzip
    case zstd
    case xz
    case bzip2
    case lz4
    /// COPY's binary format where lines are expected.
    case binaryCopy

    /// So many first bytes tell every kind.
    static let headLength = 11

    /// What a stream that begins so is; nil where it may be rows, or is not known yet.
    static func kind(_ head: [UInt8], _ layout: RowLayout) -> ForeignData? {
        allCases.first { kind in
            (kind != .binaryCopy || layout != .binary) && kind.beginnings.contains { head.starts(with: $0) }
        }
    }

    /// What it begins with; none of these is a line of text in any encoding, but by malice.
    private var beginnings: [[UInt8]] {
        switch self {
        case .gzip: [[0x1f, 0x8b, 0x08]]
        case .zstd: [[0x28, 0xb5, 0x2f, 0xfd]]
        case .xz: [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]]
        // The level, then the mark of a block, or of the end where there is none.
        case .bzip2:
            (UInt8(ascii: "1")...UInt8(ascii: "9")).flatMap { level in
                [[0x31, 0x41, 0x59, 0x26, 0x53, 0x59], [0x17, 0x72, 0x45, 0x38, 0x50, 0x90]].map {
                    Array("BZh".utf8) + [level] + $0
                }
            }
        // The frame, and what lz4 wrote before it had one.
        case .lz4: [[0x04, 0x22, 0x4d, 0x18], [0x02, 0x21, 0x4c, 0x18]]
        case .binaryCopy: [Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0x00]]
        }
    }

    /// Its name for a person.
    public var name: String {
        switch self {
        case .gzip: "gzip"
        case .zstd: "zstd"
        case .xz: "xz"
        case .bzip2: "bzip2"
        case .lz4: "lz4"
        case .binaryCopy: "COPY's binary format"
        }
    }

    /// The program that gives what was compressed.
    public var reader: String? {
        switch self {
        case .gzip: "zcat"
        case .zstd: "zstdcat"
        case .xz: "xzcat"
        case .bzip2: "bzcat"
        case .lz4: "lz4cat"
        case .binaryCopy: nil
        }
    }
}

/// Looks at the first bytes of a stream, in whatever pieces they come.
package struct ForeignDataDetector: Sendable {
    private let layout: RowLayout
    private var head: [UInt8] = []
    private var isDecided = false

    /// A detector at the start of a stream of this layout.
    package init(_ layout: RowLayout) { self.layout = layout }

    /// The stream's next bytes: what it is, once that is plain; nil while it may be rows.
    package mutating func look(at bytes: RawSpan) -> ForeignData? {
        guard !isDecided else { return nil }
        for offset in 0..<min(bytes.byteCount, ForeignData.headLength - head.count) { head.append(bytes.byte(offset)) }
        isDecided = head.count == ForeignData.headLength
        return ForeignData.kind(head, layout)
    }
}
