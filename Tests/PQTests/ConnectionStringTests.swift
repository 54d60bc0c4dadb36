// Connection strings as libpq reads them.

import PQ
import Testing

@Suite struct `Connection strings` {
    private func parsed(_ text: String) -> [String: String]? {
        guard case .success(let pairs) = ConnectionString.parse(text) else { return nil }
        return Dictionary(pairs.map { ($0.keyword, $0.value) }) { _, later in later }
    }

    @Test func `a URI is taken apart and decoded`() {
        #expect(
            parsed("postgresql://us%65r:p%40ss@h1:1,h2:2/d%20b?application_name=a%26b") == [
                "user": "user", "password": "p@ss", "host": "h1,h2", "port": "1,2", "dbname": "d b",
                "application_name": "a&b",
            ])
    }

    @Test func `keywords and values, quotes and escapes are taken apart`() {
        #expect(
            parsed(#"host = h  password='it\'s a \\ secret' user=''"#) == [
                "host": "h", "password": #"it's a \ secret"#, "user": "",
            ])
        #expect(parsed("") == [:])
    }

    @Test(arguments: ["host", "nosuch=1", "password='open", "postgresql://h?nosuch=1", "postgresql://h:1:2/%zz"])
    func `what libpq does not understand is a complaint without a line end`(text: String) {
        guard case .failure(let complaint) = ConnectionString.parse(text) else {
            Issue.record("\(text) was understood")
            return
        }
        #expect(!complaint.message.isEmpty && complaint.message.last != "\n")
    }

    @Test func `libpq names its keywords`() {
        #expect(ConnectionString.keywords.count > 20)
        #expect(Set(["host", "password", "sslpassword", "service"]).isSubset(of: ConnectionString.keywords))
    }
}
