// Options of psql's that people type out of habit.

/// Says where a host, a port, a user and a database go.
enum PsqlFingers {
    /// psql's letter for a host; here it is help.
    static let host: Character = "h"

    /// The error for `-h` beside operands.
    static func help(_ command: CommandSpec?) -> String {
        guard command.map(takesConnections) ?? true else { return "-h is help, and takes no operand beside it" }
        return "-h is help here; a host goes into the connection: postgresql://HOST/DATABASE, "
            + "or \"host=HOST dbname=DATABASE\""
    }

    /// What follows `unknown option -p`; nil where the letter is not psql's.
    static func ending(short letter: Character, of command: CommandSpec) -> String? {
        guard takesConnections(command) else { return nil }
        return switch letter {
        case "p": port
        case "U": user
        case "d": database
        default: nil
        }
    }

    /// What follows `unknown option --port`; nil where the name is not psql's.
    static func ending(long name: String, of command: CommandSpec) -> String? {
        guard takesConnections(command) else { return nil }
        return switch name {
        case "host", "hostname": "; a host goes into the connection: postgresql://HOST/DATABASE"
        case "port": port
        case "username", "user": user
        case "dbname", "database": database
        default: nil
        }
    }

    private static let port =
        "; a port goes into the connection: postgresql://HOST:PORT/DATABASE, or \"port=PORT dbname=DATABASE\""
    private static let user =
        "; a user goes into the connection: postgresql://USER@HOST/DATABASE, or \"user=USER dbname=DATABASE\""
    private static let database =
        "; a database is an operand, without an option: DATABASE, or postgresql://HOST/DATABASE"

    private static func takesConnections(_ command: CommandSpec) -> Bool {
        ![.completions, .help].contains(command.name)
    }
}
