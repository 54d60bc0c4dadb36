// The one error by itself.

import PQ
import TestKit
import Testing

extension PgcopyError.Code {
    /// A code of somebody's own.
    fileprivate static let ofTheTests = Self("ofTheTests")
}

@Suite struct `An error` {
    private static let duplicate = ServerMessage(
        severity: "ERROR", sqlState: "23505", message: "duplicate key", detail: "Key (i)=(1) already exists.")

    @Test func `says its message, and nothing of whom it is about`() {
        var error = PgcopyError(.libpq, "no COPY in progress", hint: "begin one")
        error.endpoint = "eu"
        #expect("\(error)" == "no COPY in progress")
        #expect(error.hint == "begin one" && error.server == nil && error.sqlState == nil && error.cause == nil)
    }

    @Test func `of a server has its words, its SQLSTATE and a code that says whether the connection goes on`() {
        for (severity, code) in [("ERROR", PgcopyError.Code.server), ("FATAL", .connectionLost)] {
            var message = Self.duplicate
            message.severity = severity
            let error = PgcopyError(message, connectionLost: severity == "FATAL")
            #expect("\(error)" == "duplicate key" && error.sqlState == "23505" && error.code == code)
            #expect(error.server == message)
        }
    }

    @Test func `of a real server is told by its SQLSTATE`() throws {
        let connection = try connectToFreshDatabase()
        let result = try #require(try connection.results("SELECT 1/0").first)
        do {
            if let error = result.error(connectionLost: false) { throw error }
            Issue.record("nothing was thrown")
        } catch let error as PgcopyError where error.sqlState == "22012" {
            #expect(error.code == .server)
        }
    }

    @Test func `is caught by its code`() {
        for code in [PgcopyError.Code.connectionLost, .misuse] {
            do {
                throw PgcopyError(code, "x")
            } catch PgcopyError.Code.connectionLost {
                #expect(code == .connectionLost)
            } catch {
                #expect(code == .misuse)
            }
        }
        let others: any Error = Stuck(description: "x")
        if case PgcopyError.Code.libpq = others { Issue.record("it has no code") }
    }

    @Test func `may have a code that nobody here knows`() {
        let error = PgcopyError(.ofTheTests, "x")
        #expect(error.code == PgcopyError.Code(rawValue: "ofTheTests") && "\(error.code)" == "ofTheTests")
        #expect(error.code != .libpq && Set([error.code, .libpq, .libpq]).count == 2)
    }

    @Test func `is the same as another of the same code, words, server and endpoint, whatever the causes`() {
        let error = PgcopyError(.server, "x", endpoint: "eu", server: Self.duplicate)
        var other = PgcopyError(.server, "x", server: Self.duplicate, causes: [Stuck(description: "y")])
        #expect(error != other)
        other.endpoint = "eu"
        #expect(error == other && Set([error, other]).count == 1)
        #expect(error != PgcopyError(.libpq, "x", endpoint: "eu", server: Self.duplicate))
        #expect(error != PgcopyError(.server, "y", endpoint: "eu", server: Self.duplicate))
        #expect(error != PgcopyError(.server, "x", endpoint: "eu"))
    }

    @Test func `keeps all its causes in their order`() {
        let causes = [PgcopyError(.libpq, "one"), PgcopyError(.server, "two")]
        let error = PgcopyError(.ofTheTests, "both", causes: causes)
        #expect(error.causes as? [PgcopyError] == causes && error.cause as? PgcopyError == causes[0])
    }

    @Test func `of a connection that is gone after all keeps the words`() {
        let error = PgcopyError(.server, "x", endpoint: "eu", server: Self.duplicate).losingConnection()
        #expect(error == PgcopyError(.connectionLost, "x", endpoint: "eu", server: Self.duplicate))
    }
}
