// Reading under TLS: what OpenSSL holds back makes no socket readable.

import Glibc
import PQ
import TestKit
import Testing

@Suite struct `Input under TLS` {
    /// Rows from a byte to 100 kB, mostly short ones.
    private func sizes(_ rng: inout Seeded) -> [Int] {
        (0..<60).map { _ in
            switch rng.next(in: 0..<4) {
            case 0: rng.next(in: 1..<20)
            case 1: rng.next(in: 1..<2_000)
            // Around the size of a record and of libpq's buffer.
            case 2: [8_192, 16_384, 32_768][rng.next(in: 0..<3)] + rng.next(in: -40..<40)
            default: rng.next(in: 1..<100_000)
            }
        }
    }

    private func rows(_ sizes: [Int]) -> String {
        "SELECT repeat('x', n) FROM unnest(ARRAY[\(sizes.map(String.init).joined(separator: ","))]) n"
    }

    @Test(arguments: Seeded.seeds(25))
    func `COPY rows of all sizes arrive without a wait in vain`(seed: UInt64) throws {
        var rng = Seeded(seed)
        let sizes = sizes(&rng)
        let connection = try connect(Servers.tls.tcpConninfo())
        #expect(connection.usesTLS)
        try connection.setNonBlocking(true)
        try connection.beginCopy("COPY (\(rows(sizes))) TO STDOUT", .copyOut)
        #expect(try connection.copyMessages().map(\.count) == sizes.map { $0 + 1 }, "\(rng)")
        #expect(try connection.results().first?.commandTag == "COPY \(sizes.count)")
    }

    @Test(arguments: Seeded.seeds(10))
    func `results of all sizes arrive without a wait in vain`(seed: UInt64) throws {
        var rng = Seeded(seed)
        let connection = try connect(Servers.tls.tcpConninfo())
        try connection.setNonBlocking(true)
        for _ in 0..<5 {
            let sizes = sizes(&rng)
            let result = try #require(try connection.results(rows(sizes)).first)
            #expect((0..<result.rowCount).map { result.value($0, 0)?.utf8.count } == sizes, "\(rng)")
        }
    }

    @Test(arguments: Seeded.seeds(3))
    func `records that arrive in pieces are put together`(seed: UInt64) throws {
        var rng = Seeded(seed)
        let sizes = sizes(&rng)
        let proxy = try FaultProxy(to: Servers.tls)
        let connection = try connect(proxy.conninfo())
        try connection.setNonBlocking(true)
        proxy.arm(.slow(bytesPerSecond: 4_000_000), direction: .toClient, at: .now)
        try proxy.waitUntilTriggered()
        try connection.beginCopy("COPY (\(rows(sizes))) TO STDOUT", .copyOut)
        #expect(try connection.copyMessages().map(\.count) == sizes.map { $0 + 1 }, "\(rng)")
        #expect(try connection.results().first?.commandTag == "COPY \(sizes.count)")
        proxy.stop()
    }

    @Test func `the server's last words are readable after it closed the connection`() throws {
        let cluster = try Servers.tls
        for _ in 0..<10 {
            let connection = try connect(cluster.tcpConninfo())
            try connection.sendQuery("SELECT pg_sleep(300)")
            try cluster.psql(
                "SELECT pg_terminate_backend(\(connection.backendPID), 30000)")
            // The FATAL message and the end of the stream are both there now.
            try connection.wait()
            try connection.consumeInput()
            #expect(!connection.isBusy)
            var errors: [PgcopyError] = []
            // What came of the rows may be a result of its own.
            while errors.isEmpty, let result = connection.nextResult() {
                if let error = result.error(connectionLost: true) { errors.append(error) }
            }
            let error = try #require(errors.first)
            #expect(error.server?.sqlState == "57P01" && error.server?.severity == "FATAL")
        }
    }
}
