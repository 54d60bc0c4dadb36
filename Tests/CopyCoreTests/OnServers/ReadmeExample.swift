// The library example of README.md. ReadmeExampleTests compares the two and runs it.

import CopyCore

/// Copies the table `orders` from one database to another, and counts the rows on the way.
func copyOrders(from source: String, to destination: String) throws {
    let poller = SystemPoller()
    func session(_ database: String) throws -> Session {
        let connection = Connection([("dbname", database)])
        guard connection.isUsable else { throw PQError(message: connection.errorMessage) }
        return try Session(connection, label: connection.database, poller: poller)
    }

    let manager = CopyManager(
        StatementProducer(try session(source), "COPY orders TO STDOUT"),
        [
            StatementReceiver(try session(destination), "COPY orders FROM STDIN"),
            CallReceiver { rows in print("\(rows.count) rows") },
        ],
        poller: poller
    )
    try manager.withCopy { copy in
        while true {
            do {
                guard let cycle = try copy.next() else { break }
                print("\(cycle.messages) rows, \(cycle.bytes) bytes")
            } catch let fault as ReceiverFault {
                for (receiver, error) in fault.faults {
                    if error is SocketTimeout { try copy.reconcile(receiver) }
                }
            }
        }
    }
}
