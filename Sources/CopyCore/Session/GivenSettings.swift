// Which of a server's settings the user gave with the connection.

extension Connection {
    /// Whether the user gave a value for it; a role's or database's default is not his wish.
    func isGiven(_ setting: String) -> Bool {
        !given(setting).isEmpty || GivenSettings.names(in: given("options")).contains(setting)
    }
}

/// Reads libpq's `options` as a server does (pg_split_opts, ParseLongOption); pure.
enum GivenSettings {
    /// The names of the settings in it.
    static func names(in options: String) -> Set<String> {
        var names: Set<String> = []
        var arguments = split(options)[...]
        while let argument = arguments.popFirst() {
            let setting: Substring
            if argument == "-c" {
                setting = (arguments.popFirst() ?? "")[...]
            } else if argument.hasPrefix("--") || argument.hasPrefix("-c") {
                setting = argument.dropFirst(2)
            } else {
                continue
            }
            let name = setting.prefix { $0 != "=" }
            names.insert(name.lowercased().replacing("-", with: "_"))
        }
        return names
    }

    /// Cut at white space, but for what stands behind a backslash.
    private static func split(_ options: String) -> [String] {
        var arguments: [String] = []
        var current: String?
        var isEscaped = false
        for character in options {
            if isEscaped || !(character.isWhitespace || character == "\\") {
                current = (current ?? "") + String(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if let argument = current.take() {
                arguments.append(argument)
            }
        }
        return arguments + [current].compactMap { $0 }
    }
}
