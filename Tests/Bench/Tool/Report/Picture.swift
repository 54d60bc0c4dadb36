// Role: the picture in the README: the terminal of a real run, in SVG.

import Glibc
import TestKit

/// Draws a terminal.
enum Picture {
    private static let columns = 90
    private static let rows = 7
    private static let lineHeight = 18
    private static let columnWidth = 8
    private static let margin = 14

    /// Throw-away servers, a table that goes to two of them and into a file, one of them over a slow line; the terminal
    /// when half of it has come.
    static func ofRun() throws -> String {
        let servers = try Servers.all()
        let source = try Database(on: servers.source)
        let targets = try [servers.first, servers.second].map { try Database(on: $0) }
        let table = "CREATE TABLE orders (id bigint, customer int, placed timestamptz, note text);"
        _ = try servers.source.psql(
            table + """
                INSERT INTO orders SELECT i, i % 5000, '2026-01-01'::timestamptz + i * interval '1 minute', md5(i::text)
                FROM generate_series(1, 4000000) i; ANALYZE orders
                """, database: source.name)
        for (server, target) in zip([servers.first, servers.second], targets) {
            _ = try server.psql(table, database: target.name)
        }
        let folder = try TemporaryDirectory()
        let slow = try FaultProxy(to: servers.second)
        slow.arm(.slow(bytesPerSecond: 22_000_000), direction: .toServer, at: .copyBytes(1))
        let services = [
            ("shop", servers.source.tcpConninfo(database: source.name)),
            ("eu", servers.first.tcpConninfo(database: targets[0].name)),
            ("us", slow.conninfo(database: targets[1].name)),
        ]
        var program = try Program.pgcopy([
            "transfer", "service=shop#orders", "service=eu", "service=us", "./orders.bin",
        ])
        program.directory = folder.path
        program.environment["PGSERVICEFILE"] = try folder.write(
            services.map { "[\($0)]\n" + parameters($1) }.joined().utf8, to: "services")
        program.terminal = .all
        program.terminalSize = (columns, rows)
        program.environment["TERM"] = "xterm-256color"
        program.environment["LC_ALL"] = "C.UTF-8"
        let running = try program.start()
        func screen() -> Screen {
            var screen = Screen(columns: columns, rows: rows)
            screen.feed(running.text(.screen))
            return screen
        }
        try eventually("half of the table", within: .seconds(60)) {
            screen().text.contains(" 5") && screen().text.contains("ETA") && percent(screen()) >= 50
        }
        let picture = draw(screen())
        running.kill()
        return picture
    }

    /// A connection's URI as a service has it, a line a parameter.
    private static func parameters(_ uri: String) -> String {
        let parts = uri.split(separator: "?", maxSplits: 1)
        let place = parts[0].split(separator: "/", omittingEmptySubsequences: true)
        let login = place[1].split(separator: "@")
        let address = login[login.count - 1].split(separator: ":")
        let user = login[0].split(separator: ":")[0]
        let more = parts.dropFirst().first?.split(separator: "&").map { $0 + "\n" }.joined() ?? ""
        return "host=\(address[0])\nport=\(address[1])\nuser=\(user)\ndbname=\(place[2])\n" + more
    }

    private static func percent(_ screen: Screen) -> Int {
        for line in screen.lines {
            guard let end = line.firstIndex(of: "%") else { continue }
            return Int(String(line[..<end].reversed().prefix { $0.isNumber }.reversed())) ?? 0
        }
        return 0
    }

    private static func draw(_ screen: Screen) -> String {
        let lines = screen.styled
        let width = columns * columnWidth + 2 * margin
        let height = lines.count * lineHeight + 2 * margin
        var body = ""
        for (number, pieces) in lines.enumerated() {
            var column = 0
            for piece in pieces {
                let length = piece.text.count
                if piece.text.contains(where: { $0 != " " }) {
                    body += """
                        <text class="s\(piece.rendition)" x="\(margin + column * columnWidth)" \
                        y="\(margin + number * lineHeight + 13)" textLength="\(length * columnWidth)" \
                        xml:space="preserve">\(XMLText.escaped(piece.text))</text>

                        """
                }
                column += length
            }
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" \
            height="\(height)" role="img" aria-label="A terminal while a table is copied">
            <style>
            rect { fill: #0d1117 }
            text { font: 13px ui-monospace, Menlo, Consolas, monospace; fill: #e6edf3; white-space: pre }
            .s1 { font-weight: 600 } .s2 { fill: #8b949e } .s31 { fill: #ff7b72 } .s32 { fill: #3fb950 } .s33 { fill: #d29922 }
            </style>
            <rect width="100%" height="100%" rx="8"/>
            \(body)</svg>

            """
    }
}
