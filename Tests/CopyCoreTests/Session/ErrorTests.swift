// What the rooms above libpq make of the one error.

import ErrorKit
import Glibc
import TestKit
import Testing

@testable import CopyCore

struct ErrorTests {
    @Test func `a system call's failure has its number and the system's words`() {
        let error = PgcopyError.system("cannot write", EPIPE)
        #expect(error.code == .system && error.errno == EPIPE && error.isBrokenPipe)
        #expect("\(error)" == "cannot write: Broken pipe" && error.systemWords == "Broken pipe")
        #expect(!PgcopyError.system("cannot write", ENOSPC).isBrokenPipe)
        #expect(PgcopyError.notEntered.errno == nil)
    }

    @Test func `an endpoint is named once, by who is nearest`() throws {
        let inner = try requireThrown(.notFound) {
            try at("outer") { try at("inner") { throw PgcopyError(.notFound, "x") } }
        }
        #expect(inner.endpoint == "inner" && "\(inner)" == "x")
    }

    @Test func `another's error about an endpoint says the same, and is the cause`() throws {
        let error = try requireThrown(.foreign) { try at("eu") { throw Trouble("disk on fire") } }
        #expect("\(error)" == "disk on fire" && error.endpoint == "eu")
        #expect(
            error.cause as? Trouble == Trouble("disk on fire") && error.original as? Trouble == Trouble("disk on fire"))
    }

    @Test func `a signal is no error of an endpoint's`() {
        #expect(throws: Interrupted(signal: SIGINT)) { try at("eu") { throw Interrupted(signal: SIGINT) } }
    }

    @Test func `several errors are told a line each, and quote the first server that spoke`() {
        let said = ServerMessage(severity: "FATAL", sqlState: "3D000", message: "no such database")
        let error = PgcopyError.several(
            .unreachable,
            [
                PgcopyError(.unreachable, "refused", endpoint: "us"),
                PgcopyError(.connectionLost, said.message, endpoint: "eu", server: said),
            ])
        #expect("\(error)" == "us: refused\neu: no such database")
        #expect(error.code == .unreachable && error.sqlState == "3D000" && error.causes.count == 2)
    }

    @Test func `an answer that did not come tells by its code what became of the connection`() {
        let closed = PgcopyError.unanswered(after: .seconds(2))
        let cancelled = PgcopyError.unanswered(after: .seconds(2), wasCancelled: true)
        #expect("\(closed)" == "no answer within 2.0 s; the connection was closed" && closed.code == .unanswered)
        #expect("\(cancelled)" == "no answer within 2.0 s; the statement was cancelled" && cancelled.code == .cancelled)
        #expect(closed.timeout == .seconds(2) && cancelled.timeout == .seconds(2) && PgcopyError.busy.timeout == nil)
    }

    @Test func `a commit in doubt has the transaction and what came instead of the answer`() {
        let lost = PgcopyError(.connectionLost, "gone")
        let doubt = PgcopyError.commitInDoubt(lost, transaction: "17")
        #expect("\(doubt)" == "the commit was sent and its answer was lost: gone" && doubt.transaction == "17")
        #expect(doubt.code == .commitInDoubt && doubt.cause as? PgcopyError == lost && doubt.server == nil)
        #expect(PgcopyError.commitInDoubt(lost, transaction: nil).transaction == nil)
    }

    @Test func `a wrong request is a usage error, a standby and a server that is not there, too`() {
        for code in [PgcopyError.Code.usage, .readOnly, .unreachable] { #expect(PgcopyError(code, "x").isUsageError) }
        for code in [PgcopyError.Code.refused, .server, .system] { #expect(!PgcopyError(code, "x").isUsageError) }
        #expect(PgcopyError(.usage, "x").isRequests && !PgcopyError(.readOnly, "x").isRequests)
    }

    @Test func `a receiver's fault has the code of its error, another's has none`() {
        let receiver = FakeReceiver("one")
        let timeout = PgcopyError.timeout(after: .seconds(5), awaitingConfirmation: false)
        #expect(ReceiverFault(receiver: receiver, error: timeout).code == .timeout)
        #expect(ReceiverFault(receiver: receiver, error: Trouble("x")).code == nil)
    }
}

extension PgcopyError.Code {
    /// A code that nothing here throws.
    fileprivate static let notFound = Self("notFound")
}
