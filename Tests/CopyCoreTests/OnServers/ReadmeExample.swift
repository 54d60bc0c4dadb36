// The library example of README.md. ReadmeExampleTests compares the two and runs it.

import CopyCore

/// Copies the table `orders` from one database to another, and counts the rows on the way.
func copyOrders(from source: String, to destination: String) throws {
    let manager = CopyManager(
        StatementProducer(try Session.connect(source, timeout: .seconds(10)), "COPY orders TO STDOUT"),
        [
            StatementReceiver(try Session.connect(destination), "COPY orders FROM STDIN"),
            CallReceiver { rows in print("\(rows.count) rows") },
        ]
    )
    try manager.withCopy { copy in
        while let event = try copy.next() {
            switch event {
            case .moved(let cycle): print("\(cycle.messages) rows, \(cycle.bytes) bytes")
            case .idle: print("nothing moves")
            // What is neither reconciled nor dropped fails the copy.
            case .faulted(let faults):
                for fault in faults where fault.error is SocketTimeout { try copy.reconcile(fault.receiver) }
            }
        }
    }
}
