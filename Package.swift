// swift-tools-version: 6.2
// pgcopy: PostgreSQL COPY from one source to many destinations.

import PackageDescription

/// Every target of ours: Swift 6, no warning left, imports kept to the file that needs them.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// What ships: `unsafe` is written where memory safety is ours to keep.
let shipped = strict + [.strictMemorySafety()]

let package = Package(
    name: "pgcopy",
    products: [
        .executable(name: "pgcopy", targets: ["pgcopy"]),
        .library(name: "CopyCore", targets: ["CopyCore"]),
    ],
    targets: [
        // The arrows point down only: see Sources/README.md.
        .executableTarget(name: "pgcopy", dependencies: ["PgcopyCLI"], swiftSettings: shipped),
        .executableTarget(name: "PgcopyDocs", dependencies: ["PgcopyCLI"], swiftSettings: shipped),
        .target(name: "PgcopyCLI", dependencies: ["CopyCore", "CWchar"], swiftSettings: shipped),
        .target(name: "CopyCore", dependencies: ["CopyModel", "PQ"], swiftSettings: shipped),
        .target(name: "CopyModel", swiftSettings: shipped),
        .target(name: "PQ", dependencies: ["CLibpq"], swiftSettings: shipped),
        .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CWchar"),

        .target(name: "TestKit", path: "Tests/TestKit", swiftSettings: strict),
        .testTarget(name: "TestKitTests", dependencies: ["TestKit"], swiftSettings: strict),
        .testTarget(
            name: "CopyModelTests", dependencies: ["CopyModel"], exclude: ["Corpus"], swiftSettings: strict),
        .target(name: "ErrorKit", dependencies: ["PQ"], path: "Tests/ErrorKit", swiftSettings: strict),
        .testTarget(name: "PQTests", dependencies: ["PQ", "TestKit", "ErrorKit"], swiftSettings: strict),
        .testTarget(name: "CopyCoreTests", dependencies: ["CopyCore", "TestKit", "ErrorKit"], swiftSettings: strict),
        .testTarget(
            name: "PgcopyCLITests", dependencies: ["PgcopyCLI", "CopyCore", "CopyModel", "TestKit"],
            exclude: ["Captures"], swiftSettings: strict),
        .testTarget(name: "EndToEndTests", dependencies: ["TestKit"], swiftSettings: strict),

        // Its results lie beside it, outside of the target: they are no sources.
        .executableTarget(
            name: "PgcopyBench", dependencies: ["TestKit", "CopyCore"], path: "Tests/Bench/Tool", swiftSettings: strict),
    ]
)
