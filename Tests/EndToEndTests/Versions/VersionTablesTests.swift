// Many tables by many streams between servers of different versions.

import Glibc
import TestKit
import Testing

/// A schema of types, partitions, ties and a table that is divided.
private enum Schema {
    static let definition = """
        CREATE SCHEMA s;
        CREATE TYPE s.mood AS ENUM ('sad', 'ha ppy'); CREATE DOMAIN s.positive AS int CHECK (value > 0);
        CREATE TYPE s.word AS (w text, n numeric);
        CREATE TABLE s.kinds (id int PRIMARY KEY, small int2, big int8, f float8, n numeric, b bytea, j jsonb, at timestamptz,
            u uuid, m s.mood, ms s.mood[], p s.positive, w s.word, ws s.word[], ints int[], texts text[]);
        CREATE TABLE s.parent (id int PRIMARY KEY, at timestamptz);
        CREATE TABLE s.child (id int PRIMARY KEY, parent int NOT NULL REFERENCES s.parent, m s.mood);
        CREATE TABLE s.grandchild (child int NOT NULL REFERENCES s.child, up int REFERENCES s.parent, n numeric);
        CREATE TABLE s.parted (id int, at date, v text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
        CREATE TABLE s.parted_1 PARTITION OF s.parted FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
        CREATE TABLE s."parted two" PARTITION OF s.parted FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
        CREATE TABLE s.rest PARTITION OF s.parted DEFAULT;
        CREATE TABLE s.divided (id int PRIMARY KEY, v text);
        CREATE TABLE s.empty (i int)
        """

    static let rows = """
        INSERT INTO s.kinds SELECT i, i % 32767, i * 9007199254740993, 1 / i::float8, 'NaN', decode(md5(i::text), 'hex'),
            jsonb_build_object('i', i, 'x', ARRAY[NULL, 'é']), timestamptz '2020-03-29 00:59:59.999999Z' + i * interval '1 h',
            md5(i::text)::uuid, 'ha ppy', ARRAY['sad', NULL]::s.mood[], i, ROW(E'a\\tb\\\\', 0.10 * i)::s.word,
            ARRAY[ROW('"', 'NaN'), ROW(NULL, NULL)]::s.word[], '[0:1][2:3]={{1,2},{3,4}}', ARRAY['', 'NULL', NULL, '{,}']
        FROM generate_series(1, 300) i;
        INSERT INTO s.kinds (id) VALUES (0);
        INSERT INTO s.parent SELECT i, 'infinity' FROM generate_series(1, 200) i;
        INSERT INTO s.child SELECT i, i % 200 + 1, 'sad' FROM generate_series(1, 900) i;
        INSERT INTO s.grandchild SELECT i, nullif(i % 201, 0), i / 7.0 FROM generate_series(1, 900) i;
        INSERT INTO s.parted SELECT i, date '2019-12-01' + i % 800, repeat('p', 60) FROM generate_series(1, 5000) i;
        INSERT INTO s.divided SELECT i, repeat('d', i % 200) FROM generate_series(-2000, 6000) i;
        DELETE FROM s.divided WHERE id % 7 = 0;
        ANALYZE
        """

    static let tables = ["kinds", "parent", "child", "grandchild", "parted", "divided", "empty"]

    static func digests(_ place: Place) throws -> [String] { try tables.map { try place.digest("s." + $0) } }
}

/// A version's database, full.
private struct Shelf {
    let place: Place
    let digests: [String]

    static func of(_ version: Int) throws -> Shelf {
        guard let shelf = try all.get()[version] else { throw KitError("no PostgreSQL \(version)") }
        return shelf
    }

    private static let all = Result {
        let versions = try Servers.versions()
        print("many tables go between PostgreSQL \(versions.map(String.init).joined(separator: ", "))")
        return try Dictionary(
            uniqueKeysWithValues: versions.map { version in
                let place = try Place(Servers.version(version), Schema.definition + ";" + Schema.rows)
                return (version, Shelf(place: place, digests: try Schema.digests(place)))
            })
    }
}

@Suite struct `Many tables between versions` {
    @Test(arguments: VersionPair.all)
    func `arrive equal by many streams, one of them divided`(pair: VersionPair) throws {
        let source = try Shelf.of(pair.source)
        let target = try Place(Servers.version(pair.destination), Schema.definition)
        let result = try transfer(
            "-n", "s", "-j", "3", "--split-larger-than", "64kB", "--progress=json", source.place.conninfo,
            target.conninfo)
        #expect(result.code == 0, "\(result)")
        #expect(try Schema.digests(target) == source.digests, "\(result)")
        #expect(result.errors.contains(#""streams":3"#), "\(result)")
        // Blocks are scanned by themselves from 14 on.
        let part = pair.source < 14 ? #""part":"id from "# : #""part":"blocks "#
        #expect(result.errors.contains(part), "\(result)")
    }

    @Test(arguments: [13, 18])
    func `are cut into parts of one snapshot that make each row once`(version: Int) throws {
        let source = try Shelf.of(version)
        let target = try Place(Servers.version(version == 18 ? 13 : 18), Schema.definition)
        let holder = try Program.pgcopy("snapshot", "-n", "s", source.place.conninfo).with { $0.input = .pipe }.start()
        let snapshot = try holder.waitForOutput(containing: "\n", on: .output).dropLast()
        // Those that refer to others are refused: the rows they refer to may come with another part.
        let tables = ["kinds", "parted", "divided", "empty"].flatMap { ["-t", "s." + $0] }
        var counts: [Int] = []
        for part in 1...3 {
            try transfer(
                tables + [
                    "-j", "2", "--part", "\(part)/3", "--snapshot", String(snapshot), source.place.conninfo,
                    target.conninfo,
                ]
            ).expecting(0)
            counts.append(try target.count("s.divided"))
        }
        holder.closeInput()
        _ = try holder.wait()
        for table in ["kinds", "parted", "divided", "empty"] {
            #expect(try target.digest("s." + table) == source.place.digest("s." + table), "\(table)")
        }
        // By their keys' hash where blocks cannot be read by themselves; a stripe of blocks holds more than all of it.
        #expect(version < 14 ? Set(counts).count == 3 && counts[0] > 0 : Set(counts).count == 1, "\(counts)")
    }
}
