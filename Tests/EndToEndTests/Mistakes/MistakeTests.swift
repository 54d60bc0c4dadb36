// The likeliest mistakes, message by message: what happened, where, and what to do.

import TestKit
import Testing

@Suite struct MistakeTests {
    @Test(
        arguments: Mistake.commandLine + Mistake.endpoints + Mistake.names + Mistake.rights + Mistake.rows
            + Mistake.files)
    func `a mistake is told once, with where and what to do`(mistake: Mistake) throws {
        let stage = try MistakeStage.shared.get()
        let result = expectNoSecrets(try stage.run(mistake))
        #expect(stage.named(result.errors) == mistake.errors)
        #expect(result.code == mistake.code && result.output.isEmpty, "\(result)")
    }
}
