// Role: how the program's messages name what these tests hand to it.

/// The label of an endpoint that a cluster or a proxy gave, with a table or without: `[local:/folder]:5432/database#table`.
public func label(of endpoint: String) -> String {
    guard let scheme = endpoint.firstRange(of: "://") else { return endpoint }
    let parts = endpoint[scheme.upperBound...].split(separator: "#", maxSplits: 1)
    let address = parts[0].split(separator: "?", maxSplits: 1)
    let place = address[0].drop { $0 != "@" }.dropFirst()
    var (host, port) = ("", "")
    for parameter in address.dropFirst().first?.split(separator: "&") ?? [] {
        if parameter.hasPrefix("host=") { host = "[local:\(decoded(parameter.dropFirst(5)))]" }
        if parameter.hasPrefix("port=") { port = ":\(parameter.dropFirst(5))" }
    }
    return host + port + decoded(place) + parts.dropFirst().map { "#\($0)" }.joined()
}

private func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            bytes.append(byte)
            continue
        }
        bytes.append(UInt8(Substring(rest.prefix(2)), radix: 16) ?? 0)
        rest = rest.dropFirst(2)
    }
    return String(decoding: bytes, as: UTF8.self)
}
