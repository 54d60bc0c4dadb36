// Role: the chart of the page: horizontal bars, a group a number of destinations, in SVG.

/// Wall times of one table.
struct BarChart {
    private static let barHeight = 18
    private static let step = 24
    private static let labelWidth = 270
    private static let barSpace = 400
    private static let width = 740

    private var body = ""
    private var y = 30

    /// The document.
    private(set) var text = ""

    init(_ results: Results, table: String, destinations: [Int]) {
        let duels = destinations.compactMap { results.duel(table, $0) }
        let longest = duels.flatMap(\.results).map(\.series.wall).max() ?? 1
        write("title", 10, y, "Wall time, table “\(table)”, seconds: less is better")
        for duel in duels {
            y += 34
            write("group", 10, y, "to \(duel.destinations) destination\(duel.destinations == 1 ? "" : "s")")
            y += 10
            for (contender, series) in duel.results { bar(contender, series.wall, longest) }
        }
        y += 14
        text = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.width) \(y)" width="\(Self.width)" \
            height="\(y)" role="img" aria-label="Wall time of the table \(table) by contender">
            <style>
            text { font: 13px system-ui, sans-serif; fill: #24292f }
            .title { font-size: 16px; font-weight: 600 }
            .group { font-weight: 600 }
            .label { text-anchor: end }
            .ours { fill: #1f6feb } .others { fill: #9aa4af } .limit { fill: #2da44e }
            @media (prefers-color-scheme: dark) {
            text { fill: #e6edf3 }
            .ours { fill: #58a6ff } .others { fill: #6e7781 } .limit { fill: #3fb950 }
            }
            </style>
            \(body)</svg>

            """
    }

    private mutating func bar(_ contender: Contender, _ wall: Double, _ longest: Double) {
        let length = max(1, Int(wall / longest * Double(Self.barSpace)))
        let kind = contender.isPgcopy ? "ours" : contender.isLimit ? "limit" : "others"
        let label = contender.isLimit ? "limit: the server alone, binary" : contender.name
        write("label", Self.labelWidth, y + 14, label)
        body += """
            <rect class="\(kind)" x="\(Self.labelWidth + 8)" y="\(y)" width="\(length)" height="\(Self.barHeight)" rx="2"/>

            """
        write("value", Self.labelWidth + 14 + length, y + 14, Figures.fixed(wall, 2))
        y += Self.step
    }

    private mutating func write(_ kind: String, _ x: Int, _ y: Int, _ words: String) {
        body += "<text class=\"\(kind)\" x=\"\(x)\" y=\"\(y)\">\(XMLText.escaped(words))</text>\n"
    }
}
