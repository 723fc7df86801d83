// swift-tools-version: 6.2

import PackageDescription

/// Warnings are errors in our own targets; what dependencies warn about does not stop a build.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

extension Target.Dependency {
    static let argumentParser = Self.product(name: "ArgumentParser", package: "swift-argument-parser")
    static let asyncAlgorithms = Self.product(name: "AsyncAlgorithms", package: "swift-async-algorithms")
    static let asyncHTTPClient = Self.product(name: "AsyncHTTPClient", package: "async-http-client")
    static let crypto = Self.product(name: "Crypto", package: "swift-crypto")
    static let grdb = Self.product(name: "GRDB", package: "GRDB.swift")
    static let httpTypes = Self.product(name: "HTTPTypes", package: "swift-http-types")
    static let hummingbird = Self.product(name: "Hummingbird", package: "hummingbird")
    static let hummingbirdTesting = Self.product(name: "HummingbirdTesting", package: "hummingbird")
    static let logging = Self.product(name: "Logging", package: "swift-log")
    static let mustache = Self.product(name: "Mustache", package: "swift-mustache")
    static let nioCore = Self.product(name: "NIOCore", package: "swift-nio")
    static let nioFileSystem = Self.product(name: "_NIOFileSystem", package: "swift-nio")
    static let nioHTTP1 = Self.product(name: "NIOHTTP1", package: "swift-nio")
    static let nioHTTPCompression = Self.product(name: "NIOHTTPCompression", package: "swift-nio-extras")
    static let nioPosix = Self.product(name: "NIOPosix", package: "swift-nio")
    static let serviceLifecycle = Self.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let subprocess = Self.product(name: "Subprocess", package: "swift-subprocess")
    static let systemPackage = Self.product(name: "SystemPackage", package: "swift-system")
    static let unixSignals = Self.product(name: "UnixSignals", package: "swift-service-lifecycle")
}

/// A room of the house: a library of our own. What each may import is in ARCHITECTURE.md; imports never point sideways.
func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

let package = Package(
    name: "cast2md",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "cast2md", targets: ["cast2md"])
    ],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache.git", from: "2.1.1"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-async-algorithms.git", from: "1.1.4"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.8.1"),
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", from: "1.0.2"),
    ],
    targets: [
        // Domain: no input, no output.
        room("CastCore"),
        room("CastAPI", ["CastCore"]),

        // Services, each beside the others, none above another.
        room("CastClient", ["CastCore", "CastAPI", .asyncHTTPClient, .nioCore, .nioHTTP1, .nioPosix]),
        room("CastStore", ["CastCore", .grdb, .crypto]),
        room(
            "Podcasts",
            ["CastCore", .asyncHTTPClient, .crypto, .nioCore, .nioHTTP1, .nioHTTPCompression, .nioPosix, .logging]),
        room("RunPod", ["CastCore", .asyncHTTPClient, .logging, .nioCore, .nioHTTP1, .nioPosix]),
        room("Tailscale", ["CastCore", .asyncHTTPClient, .nioCore, .nioHTTP1]),
        room("Ntfy", ["CastCore", .asyncHTTPClient, .nioCore, .nioHTTP1]),
        .target(name: "EmbeddedPod"),
        room(
            "PodFleet",
            ["CastCore", "EmbeddedPod", .crypto, .logging, .serviceLifecycle, .subprocess, .systemPackage]),
        .target(name: "EmbeddedEngine", exclude: ["files"]),
        room(
            "Transcription",
            [
                "CastCore", "EmbeddedEngine", .crypto, .logging, .serviceLifecycle, .subprocess, .systemPackage,
            ]),

        // What the programs are made of.
        room(
            "CastNode",
            [
                "CastCore", "CastAPI", "CastClient", "Podcasts", "Transcription", .hummingbird, .httpTypes, .logging,
                .nioCore, .serviceLifecycle,
            ]),
        .target(name: "EmbeddedPages", exclude: ["files"]),
        room(
            "CastServer",
            [
                "CastCore", "CastAPI", "CastStore", "Podcasts", "PodFleet", "EmbeddedPages", .asyncAlgorithms, .crypto,
                .hummingbird, .mustache,
                .httpTypes, .logging, .nioCore, .nioFileSystem, .serviceLifecycle, .unixSignals,
            ]),

        room("LibraryImport", ["CastCore", "CastStore", .logging, .subprocess, .systemPackage]),

        room(
            "CastOperations",
            [
                "CastCore", "CastAPI", "CastClient", "CastStore", "CastServer", "CastNode", "Transcription", .crypto,
                .logging, .subprocess, .systemPackage,
            ]),

        room("PodWatch", ["CastCore", "CastAPI", "CastClient", "CastNode", "RunPod", .logging]),

        program(
            "cast2md",
            [
                "CastCore", "CastAPI", "CastClient", "CastServer", "CastStore", "CastNode", "CastOperations",
                "LibraryImport", "Ntfy", "PodFleet", "PodWatch", "Podcasts", "RunPod", "Tailscale", "Transcription",
                .argumentParser,
                .logging, .nioCore, .serviceLifecycle, .unixSignals,
            ]),

        // A stand-in for RunPod whose pods are processes of this machine.
        room("RunPodEmulator", ["CastCore", .hummingbird, .httpTypes, .logging, .nioCore, .serviceLifecycle]),
        program(
            "runpod-emulator",
            ["CastCore", "RunPodEmulator", .argumentParser, .logging, .serviceLifecycle, .unixSignals]),

        // For demo, tests and benchmarks: never part of what is installed.
        room("HumanSpeech", ["CastCore", .subprocess, .systemPackage]),
        program(
            "workbench",
            [
                "CastCore", "CastAPI", "CastClient", "CastNode", "CastStore", "HumanSpeech", "RunPodEmulator",
                "Transcription", .argumentParser, .asyncHTTPClient, .grdb, .hummingbird, .httpTypes, .logging, .nioCore,
                .nioHTTP1,
                .subprocess, .systemPackage, .unixSignals,
            ]),
        room("CastTestSupport", ["CastCore", "CastStore", "Transcription", .logging]),

        tests("CastCoreTests", ["CastCore", "CastTestSupport"]),
        tests("PodWatchTests", ["CastCore", "PodWatch", "CastTestSupport", .logging]),
        tests("CastClientTests", ["CastCore", "CastAPI", "CastClient"]),
        tests("HumanSpeechTests", ["CastCore", "HumanSpeech"]),
        tests("CastStoreTests", ["CastCore", "CastStore", "CastTestSupport", .grdb]),
        tests(
            "CastServerTests",
            [
                "CastCore", "CastAPI", "CastStore", "CastServer", "CastTestSupport", "PodFleet", .hummingbird,
                .hummingbirdTesting, .httpTypes, .logging, .nioCore,
            ]),
        tests(
            "CastNodeTests",
            [
                "CastCore", "CastAPI", "CastClient", "CastNode", "Podcasts", "Transcription", "CastTestSupport",
                .hummingbird, .httpTypes, .logging, .nioCore, .serviceLifecycle,
            ]),
        tests(
            "PodcastsTests", ["CastCore", "Podcasts", "CastTestSupport", .hummingbird, .httpTypes, .logging, .nioCore]),
        tests(
            "CastOperationsTests",
            [
                "CastCore", "CastAPI", "CastClient", "CastStore", "CastServer", "CastNode", "CastOperations",
                "CastTestSupport", .logging, .serviceLifecycle,
            ]),
        tests(
            "LibraryImportTests", ["CastCore", "CastStore", "LibraryImport", "CastTestSupport", .logging],
            exclude: ["Fixture"]),
        tests(
            "PodFleetTests",
            [
                "CastCore", "CastStore", "PodFleet", "RunPod", "RunPodEmulator", "CastTestSupport", .logging,
                .serviceLifecycle,
            ]),
        tests(
            "RunPodTests",
            ["CastCore", "RunPod", "CastTestSupport", .hummingbird, .httpTypes, .logging, .nioCore]),
        tests("NtfyTests", ["CastCore", "Ntfy", .hummingbird, .httpTypes, .logging, .nioCore]),
        tests("TailscaleTests", ["CastCore", "Tailscale", .hummingbird, .httpTypes, .logging, .nioCore]),
        tests(
            "RunPodEmulatorTests",
            [
                "CastCore", "RunPod", "RunPodEmulator", "CastTestSupport", .asyncHTTPClient, .logging, .nioCore,
                .nioHTTP1,
            ],
            exclude: ["Scripts"]),
        tests(
            "TranscriptionTests",
            ["CastCore", "Transcription", "HumanSpeech", "CastTestSupport", .logging, .serviceLifecycle],
            exclude: ["Scripts"]),
        tests(
            "PodTests",
            [
                "CastCore", "CastAPI", "CastClient", "CastStore", "HumanSpeech", "PodFleet", "RunPodEmulator",
                "CastTestSupport", .logging,
            ],
            exclude: ["Programs"]),
        tests(
            "EndToEndTests",
            [
                "CastCore", "CastAPI", "CastClient", "CastStore", "CastServer", "CastNode", "Podcasts", "Transcription",
                "HumanSpeech", "RunPodEmulator", "CastTestSupport", .grdb, .hummingbird, .hummingbirdTesting,
                .httpTypes, .logging, .nioCore, .serviceLifecycle,
            ]),
    ],
    swiftLanguageModes: [.v6]
)
