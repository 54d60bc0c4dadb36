// The options of `notify` as typed values.

internal import CopyCore

/// Everything that the command line says about notifications to send.
struct NotifyOptions: Sendable, Equatable {
    /// The servers, as written; at least one.
    var connections: [Argument]
    /// What to send, in order; at least one.
    var notifications: [OutgoingNotification]
    /// How much is said.
    var verbosity: Verbosity
    /// When to ask for a password.
    var passwordPrompt: PasswordPrompt

    /// Reads and checks the options of an invocation of `notify`.
    init(_ invocation: Invocation) throws(UsageError) {
        connections = invocation.operands
        var notifications: [OutgoingNotification] = []
        for value in invocation.values(of: .notifyChannel) {
            notifications.append(try ChannelArgument.notification(value, invocation))
        }
        if notifications.isEmpty {
            throw invocation.error("notify needs a channel: \(OptionSpec.notifyChannel.allSpellings)")
        }
        self.notifications = notifications
        verbosity = invocation.has(.quiet) ? .quiet : invocation.has(.verbose) ? .verbose : .normal
        passwordPrompt = invocation.has(.noPassword) ? .never : invocation.has(.password) ? .always : .automatic
    }
}
