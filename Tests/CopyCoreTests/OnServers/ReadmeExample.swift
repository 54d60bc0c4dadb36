// The library examples of README.md. ReadmeExampleTests compares them and runs them.

import CopyCore

/// Copies the table `orders` to two databases, in one transaction each, and shows how far it is.
func cloneOrders(from source: String, to first: String, _ second: String) throws {
    try copy(
        from: source + "#orders", to: first, second,
        event: { event in
            if case .progress(let progress) = event { print("\(progress.reading.total.messages) rows") }
        }
    ) {
        $0.empties = .truncate
        $0.reportInterval = .seconds(1)
    }
}

/// Loads rows from Swift values: all of them, or none.
func load(_ people: [(name: String, age: Int?)], into session: Session) throws {
    try session.copyIn("COPY people FROM STDIN") { copy in
        for person in people { try copy.write(values: [person.name, person.age.map(String.init)]) }
        try copy.finish()
    }
}

/// Listens until something is said on a channel, for ten seconds at most.
func nextJob(_ session: Session) throws -> String? {
    try session.listen(["jobs"])
    return try session.wait(timeout: .seconds(10)).first?.payload
}

/// Many statements in one round trip.
func rename(_ names: [(old: String, new: String)], in session: Session) throws {
    try session.pipeline { pipeline in
        for name in names {
            try pipeline.execute("UPDATE people SET name = $2 WHERE name = $1", [name.old, name.new])
        }
    }
}

/// The copy manager by itself, in no transaction of its own: rows to a table and to a function.
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
                for fault in faults where fault.code == .timeout { try copy.reconcile(fault.receiver) }
            }
        }
    }
}
