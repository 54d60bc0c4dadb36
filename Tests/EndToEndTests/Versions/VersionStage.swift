// A database at each version: all values as a source, an empty copy of every table for each other version.

import TestKit
import Testing

/// Two versions, from one to the other.
struct VersionPair: Sendable, CustomTestStringConvertible {
    var source: Int
    var destination: Int

    var testDescription: String { "\(source) to \(destination)" }

    /// All that there are.
    static let all = ((try? Servers.versions()) ?? []).flatMap { source in
        ((try? Servers.versions()) ?? []).filter { $0 != source }.map { VersionPair(source: source, destination: $0) }
    }

    /// Those that know the types of `Samples`.
    static let ofSamples = all.filter { min($0.source, $0.destination) >= Samples.firstVersion }
}

/// A version's database.
struct VersionStage: Sendable {
    let version: Int
    let place: Place
    /// What this server prints of the tables here, by name.
    let texts: [String: String]

    /// By version; made once.
    static func of(_ version: Int) throws -> VersionStage {
        guard let stage = try stages.get()[version] else { throw KitError("no PostgreSQL \(version)") }
        return stage
    }

    private static let stages = Result {
        try Dictionary(
            uniqueKeysWithValues: Servers.versions().filter { $0 >= Samples.firstVersion }.map {
                ($0, try VersionStage($0))
            })
    }

    private init(_ version: Int) throws {
        self.version = version
        place = try Place(Servers.version(version))
        let oddities = Oddity.all
        var sql = Samples.types + "CREATE SCHEMA here;"
        sql += Self.table("portable", Samples.portable) + Self.table("textual", Samples.textual)
        sql += Self.table("intervals", Samples.intervals)
        for oddity in oddities {
            sql += "CREATE TABLE here.\(oddity.table) (n int, v \(oddity.type));\n"
            if oddity.era(version) != nil { sql += "INSERT INTO here.\(oddity.table) VALUES (1, \(oddity.value));\n" }
        }
        // An enum is never chosen to go in binary: bytes that go in text.
        for oddity in oddities where oddity.isByte {
            sql += "CREATE TABLE here.text_\(oddity.table) (n int, v \(oddity.type), m mood);\n"
            sql += "INSERT INTO here.text_\(oddity.table) VALUES (1, \(oddity.value), 'sad');\n"
        }
        let tables =
            ["portable", "textual", "intervals"] + oddities.map(\.table)
            + oddities.filter(\.isByte).map { "text_" + $0.table }
        for other in try Servers.versions() where other != version && other >= Samples.firstVersion {
            sql += "CREATE SCHEMA from\(other);\n"
            for table in tables { sql += "CREATE TABLE from\(other).\(table) (LIKE here.\(table));\n" }
        }
        try place.sql(sql)
        // Not those of bytes, which older servers print as such: no UTF8.
        let printed = tables.filter { version >= 15 || !$0.contains("byte") && !$0.contains("letters") }
        texts = try Dictionary(uniqueKeysWithValues: zip(printed, Self.text(printed.map { "here.\($0)" }, place)))
    }

    /// A row a value, all other columns NULL.
    private static func table(_ name: String, _ samples: [Sample]) -> String {
        var sql =
            "CREATE TABLE here.\(name) (n int" + samples.enumerated().map { ", c\($0) \($1.type)" }.joined() + ");\n"
        var row = 0
        for (column, sample) in samples.enumerated() {
            for value in sample.values {
                row += 1
                sql += "INSERT INTO here.\(name)(n, c\(column)) VALUES (\(row), \(value));\n"
            }
        }
        return sql
    }

    /// All rows of each table as this server prints them.
    func text(_ tables: [String]) throws -> [String] { try Self.text(tables, place) }

    private static func text(_ tables: [String], _ place: Place) throws -> [String] {
        let digests = tables.map { "SELECT coalesce(md5(string_agg(t::text, E'\\n' ORDER BY n)), '-') FROM \($0) t" }
        return try place.sql(digests.joined(separator: ";\n")).split(separator: "\n").map(String.init)
    }

    /// All rows in binary; OIDs of types of its own are in some of them.
    func binary(_ table: String) throws -> [UInt8] {
        try place.cluster.psqlProgram(
            ["-c", "COPY (SELECT * FROM \(table) ORDER BY n) TO STDOUT (FORMAT binary)"], conninfo: place.conninfo
        ).run().expecting(0).standardOutput
    }
}
