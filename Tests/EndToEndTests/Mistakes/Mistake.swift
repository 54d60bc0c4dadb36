// A likely mistake of a user, and the whole of what is said about it.

import TestKit
import Testing

/// A command line that is wrong, and what it gets.
struct Mistake: Sendable, CustomTestStringConvertible {
    /// What is wrong with it.
    let what: String
    /// The words, in quotes where a shell needs them. `{S}` and `{T}` are the source's and a destination's connection,
    /// `{S@ROLE}` another role's, `{S:DATABASE}` to another database; `{H}` and `{P}` the source's host and port, `{D}` a folder.
    let words: String
    let code: Int32
    /// stderr: `S` and `T` stand for the labels, `SERVER` for the source's without a database, `DIR` for the folder.
    let errors: String

    init(_ what: String, _ words: String, _ code: Int32, _ errors: String) {
        self.what = what
        self.words = words
        self.code = code
        self.errors = errors
    }

    var testDescription: String { "\(what): \(words)" }
}

/// A source and a destination in which everything can be mistaken.
struct MistakeStage: Sendable {
    let source: Place
    let destination: Place
    let directory: TemporaryDirectory

    static let shared = Result { try MistakeStage() }

    private init() throws {
        for cluster in [try Servers.source, try Servers.first] {
            for role in ["mistaken_bob", "mistaken_owner"] { try cluster.psql("CREATE ROLE \(role) LOGIN") }
        }
        try Servers.source.psql("CREATE DATABASE mistaken_shop")
        source = try Place(
            Servers.source,
            """
            CREATE TABLE orders (id int PRIMARY KEY, amount int, note text); INSERT INTO orders VALUES (1, 10, 'a'), (2, 20, 'b');
            CREATE INDEX orders_amount_idx ON orders (amount); CREATE SEQUENCE counter;
            CREATE SCHEMA sales; CREATE TABLE sales.invoices (id int); CREATE TABLE "Odd Name" (id int); CREATE TABLE "Mixed" (id int);
            CREATE TABLE customers (id int, name text); INSERT INTO customers VALUES (1, NULL);
            CREATE TABLE private (id int); INSERT INTO private VALUES (1);
            CREATE TABLE hidden (id int); ALTER TABLE hidden ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON hidden USING (true);
            CREATE TABLE wide (id int, t text); INSERT INTO wide VALUES (1, 'xxxxxxxxxx');
            CREATE TABLE child (id int, parent int); INSERT INTO child VALUES (1, 99); CREATE TABLE parent (id int PRIMARY KEY);
            CREATE TABLE keyless (id int); CREATE TABLE none (id int); CREATE TABLE only_source (id int);
            CREATE SCHEMA closed; CREATE TABLE closed.t (id int);
            CREATE TABLE extra (id int, must int, b int);
            GRANT SELECT ON hidden, orders, closed.t TO mistaken_bob
            """)
        destination = try Place(
            Servers.first,
            """
            CREATE TABLE orders (id int PRIMARY KEY, amount int, note text); INSERT INTO orders VALUES (1, 10, 'a');
            CREATE TABLE "Odd Name" (id int); CREATE TABLE customers (id int, name text NOT NULL);
            CREATE TABLE dated (id int, amount date, note text); CREATE TABLE wide (id int, t varchar(5));
            CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int, parent int REFERENCES parent);
            CREATE TABLE keyless (id int); CREATE TABLE none (id int); INSERT INTO none VALUES (1);
            CREATE TABLE only_dest (id int); CREATE TABLE private (id int);
            CREATE TABLE extra (id int, must int NOT NULL, more int NOT NULL);
            GRANT ALL ON orders TO mistaken_owner
            """)
        directory = try TemporaryDirectory()
        for (name, text) in [
            ("orders.csv", "id,amount,note\n7,70,seven\n"), ("orders.txt", "7,70,seven\n"),
            ("semi.csv", "id;amount;note\n7;70;seven\n"), ("cut", "7\t70"), ("short", "7\t70\n"),
            ("services", "[east]\nhost=localhost\n[west]\nhost=localhost\n"),
        ] { _ = try directory.write(text.utf8, to: name) }
    }

    /// Runs it; stderr with names instead of places.
    func run(_ mistake: Mistake) throws -> ProgramResult {
        let isClosed = mistake.words.hasSuffix(" >&-")
        let words = shellWords(filled(isClosed ? String(mistake.words.dropLast(4)) : mistake.words))
        let program =
            isClosed
            ? try Program("sh", ["-c", #"exec "$0" "$@" >&-"#, Program.pgcopyPath()] + words)
            : try Program.pgcopy(words)
        return try program.with {
            $0.environment["PGHOST"] = source.cluster.socketDirectory
            $0.environment["PGPORT"] = "\(source.cluster.port)"
            $0.environment["PGUSER"] = Cluster.user
            $0.environment["PGSERVICEFILE"] = directory.file("services")
        }.run()
    }

    private func filled(_ words: String) -> String {
        var text = words
        for (mark, place) in [("S", source), ("T", destination)] {
            text.replace("{\(mark)}", with: place.conninfo)
            for role in ["mistaken_bob", "mistaken_owner", "nobody_here"] {
                text.replace(
                    "{\(mark)@\(role)}", with: place.cluster.conninfo(database: place.database, ["user": role]))
            }
            text.replace("{\(mark):mistaken_shpo}", with: place.cluster.conninfo(database: "mistaken_shpo"))
        }
        text.replace("{H}", with: source.cluster.socketDirectory)
        text.replace("{P}", with: "\(source.cluster.port)")
        text.replace("{D}", with: directory.path)
        return text
    }

    /// What stands in single quotes is one word.
    private func shellWords(_ text: String) -> [String] {
        text.split(separator: "'", omittingEmptySubsequences: false).enumerated().flatMap { place, piece in
            place % 2 == 1 ? [String(piece)] : piece.split(separator: " ").map(String.init)
        }
    }

    /// A text of the program's with names instead of places.
    func named(_ text: String) -> String {
        var text = text
        let port = "\(source.cluster.port)"
        text.replace(String(source.conninfo.dropLast(port.count)), with: "WRITTEN")
        text.replace(source.label(nil), with: "S")
        text.replace(destination.label(nil), with: "T")
        text.replace("[local:\(source.cluster.socketDirectory)]:\(port)", with: "SERVER")
        text.replace(directory.path, with: "DIR")
        text.replace(source.cluster.socketDirectory, with: "SOCKETS")
        text.replace(port, with: "PORT")
        return text
    }
}
