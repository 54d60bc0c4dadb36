// What a stream of rows is allowed.

/// How strictly the end of a stream is looked at.
public struct StreamRules: Sendable, Hashable {
    /// What a line of csv is taken for that is `\.` alone and not quoted.
    public enum CSVMarker: Sendable, Hashable {
        /// A fault: servers up to 17 take it for the end of the data, later ones for a value.
        case refused
        /// The end of the data. Right where no later server is among the destinations and it can be no row.
        case end
    }

    /// A last row without its line end is a row. Csv quotes have to be closed all the same.
    public var allowsUnterminated = false
    /// What `\.` is in csv.
    public var csvMarker = CSVMarker.refused

    /// Every row has to end, and every line to mean the same to all servers.
    public init() {}
}
