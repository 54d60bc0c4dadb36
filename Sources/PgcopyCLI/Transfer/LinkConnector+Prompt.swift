// How `exec`, `listen` and `notify` connect: passwords by the terminal, as the options say.

internal import CopyCore

extension LinkConnector {
    /// A connector that asks for passwords when the user wants to be asked.
    init(_ poller: any Poller, _ prompt: PasswordPrompt) {
        self.init(poller: poller)
        asksPasswordsFirst = prompt == .always
        if prompt != .never {
            password = { PasswordReader.read(prompt: "Password for \($0): ", poller) }
        }
    }
}
