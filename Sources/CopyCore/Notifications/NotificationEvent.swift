// What a manager's loop gives.

/// An event of a `NotificationManager`.
public enum NotificationEvent {
    /// All that was picked up on one session together; never none.
    case notifications(Session, [Notification])
    /// Nothing came for as long as the timeout says, or something else that was waited for is ready.
    case idle
}
