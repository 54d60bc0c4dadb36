// Text in colors.

/// How a piece of text looks on a terminal.
enum TextStyle {
    case plain, dim, bold, good, warning, bad

    /// The parameter of SGR (ECMA-48), by which a terminal changes its rendition; nil: as it is.
    fileprivate var parameter: Int? {
        switch self {
        case .plain: nil
        case .bold: 1
        case .dim: 2
        case .bad: 31
        case .good: 32
        case .warning: 33
        }
    }
}

/// Pieces of a line, each in its style.
struct StyledText: Equatable {
    private(set) var pieces: [Piece] = []

    struct Piece: Equatable {
        var text: String
        var style: TextStyle
    }

    init(_ text: String = "", _ style: TextStyle = .plain) { append(text, style) }

    mutating func append(_ text: String, _ style: TextStyle = .plain) {
        if !text.isEmpty { pieces.append(Piece(text: text, style: style)) }
    }

    var width: Int { pieces.reduce(0) { $0 + TextWidth.of($1.text) } }

    /// As much of it as has room in so many columns.
    func fitted(to columns: Int) -> StyledText {
        var (fitted, left) = (StyledText(), columns)
        guard width > columns else { return self }
        for piece in pieces where left > 0 {
            let width = TextWidth.of(piece.text)
            // Behind it something is left out all the same.
            let text = TextWidth.fitted(width < left ? piece.text : piece.text + " …", to: left)
            fitted.append(text, piece.style)
            left -= TextWidth.of(text)
        }
        return fitted
    }

    /// What a terminal is to be given.
    func rendered(_ hasColor: Bool) -> String {
        guard hasColor else { return pieces.map(\.text).joined() }
        return pieces.map { piece in piece.style.parameter.map { "\u{1B}[\($0)m\(piece.text)\u{1B}[0m" } ?? piece.text }
            .joined()
    }
}
