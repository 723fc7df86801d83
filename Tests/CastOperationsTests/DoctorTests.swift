import CastAPI
import CastClient
import CastCore
import CastNode
import CastServer
import CastStore
import CastTestSupport
import Foundation
import Logging
import Testing

@testable import CastOperations

/// The doctor in worlds in which one thing is broken.
@Suite(.timeLimit(.minutes(2))) struct DoctorTests {
    static let unused = "http://127.0.0.1:9"

    static func world(
        _ folder: URL, variables: [String: String] = [:], server: String = Self.unused, isServerNamed: Bool = false,
        storage: String? = nil
    ) throws -> DoctorWorld {
        var process = [
            "CAST2MD_HOME": folder.path + "/home", "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "",
        ]
        process.merge(variables) { _, new in new }
        return DoctorWorld(
            environment: ProgramEnvironment(process: process), dataPath: folder.path + "/data",
            storagePath: storage ?? folder.path + "/data/storage", server: try CastClient.address(server),
            isServerNamed: isServerNamed)
    }

    static func findings(_ world: DoctorWorld, _ subject: Finding.Subject) async -> [Finding] {
        await Doctor(world).examine().filter { $0.subject == subject }
    }

    @Test func `a server that is whole has no problem, and each look says so`() async throws {
        try await withTemporaryFolder { folder in
            let world = try await BackupTests.World(folder)
            let findings = await Doctor(try Self.world(folder)).examine()
            #expect(!findings.hasProblem, "\(findings.filter { $0.level == .problem })")
            for subject in [Finding.Subject.data, .storage, .space, .database, .files, .ffmpeg, .variables] {
                #expect(findings.contains { $0.subject == subject && $0.level == .ok }, "\(subject)")
            }
            #expect(findings.filter { $0.level != .ok }.allSatisfy { $0.mend != nil })
            let left = try FileManager.default.contentsOfDirectory(atPath: world.dataPath)
            #expect(!left.contains { $0.hasPrefix(".cast2md-doctor") })
        }
    }

    // MARK: Folders and space

    @Test func `a folder that is not there, or takes nothing, is a problem`() async throws {
        try await withTemporaryFolder { folder in
            let world = try await BackupTests.World(folder)
            let gone = try Self.world(folder, storage: folder.path + "/nowhere")
            #expect(await Self.findings(gone, .storage).map(\.level) == [.problem])
            // Nobody may write here, root neither.
            let sealed = try Self.world(folder, storage: "/proc")
            let finding = try #require(await Self.findings(sealed, .storage).first)
            #expect(finding.level == .problem)
            #expect(finding.sentence.contains("cannot be written to"))
            withExtendedLifetime(world) {}
        }
    }

    @Test func `a machine without a database is no broken server`() async throws {
        try await withTemporaryFolder { folder in
            #expect(await Self.findings(try Self.world(folder), .data).map(\.level) == [.warning])
            try Self.register(folder)
            #expect(await Self.findings(try Self.world(folder), .data).map(\.level) == [.ok])
        }
    }

    @Test(
        arguments: [
            (
                SpaceCheck.Space(free: 400_000_000, total: 10_000_000_000, freeFiles: 9_999, totalFiles: 10_000),
                .problem
            ),
            (
                SpaceCheck.Space(free: 900_000_000, total: 10_000_000_000, freeFiles: 9_999, totalFiles: 10_000),
                .warning
            ),
            (SpaceCheck.Space(free: 900_000_000, total: 2_000_000_000, freeFiles: 9_999, totalFiles: 10_000), .ok),
            (SpaceCheck.Space(free: 90_000_000_000, total: 1 << 40, freeFiles: 10, totalFiles: 10_000), .problem),
            (SpaceCheck.Space(free: 90_000_000_000, total: 1 << 40, freeFiles: 0, totalFiles: 0), .ok),
        ] as [(SpaceCheck.Space, Finding.Level)])
    func `little space is a warning and hardly any a problem`(space: SpaceCheck.Space, level: Finding.Level) {
        #expect(SpaceCheck.finding(space, at: "/srv").level == level)
    }

    @Test func `a disk whose clock is off is named`() {
        #expect(FolderCheck.skew(29, "/srv") == [])
        #expect(FolderCheck.skew(-3600, "/srv").map(\.level) == [.warning])
        #expect(FolderCheck.skew(90, "/srv").map(\.subject) == [.clock])
    }

    // MARK: Database and files

    @Test func `a damaged database is a problem, and its mending a backup`() async throws {
        try await withTemporaryFolder { folder in
            let world = try await BackupTests.World(folder, episodes: 200)
            try FileManager.default.createDirectory(
                atPath: folder.path + "/damaged", withIntermediateDirectories: true)
            // A copy is one file without a log beside it.
            let copy = folder.path + "/damaged/cast2md.db"
            _ = try await DatabaseFile(path: world.dataPath + "/cast2md.db").copy(to: copy)
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: copy))
            // In the middle of the pages, where no header is.
            for page in 5..<12 {
                try file.seek(toOffset: UInt64(page * 4096))
                try file.write(contentsOf: Data(repeating: 0x5A, count: 4096))
            }
            try file.close()
            var broken = try Self.world(folder)
            broken.dataPath = folder.path + "/damaged"
            let findings = await Self.findings(broken, .database)
            let isFound = findings.contains { $0.level == .problem && $0.mend?.contains("restore") == true }
            #expect(isFound, "\(findings)")
        }
    }

    @Test func `a file that is no database is a problem`() async throws {
        try await withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: folder.path + "/data", withIntermediateDirectories: true)
            try Data(repeating: 0x41, count: 8192).write(to: URL(fileURLWithPath: folder.path + "/data/cast2md.db"))
            #expect(await Self.findings(try Self.world(folder), .database).map(\.level) == [.problem])
        }
    }

    @Test func `what an examination found is judged`() {
        let counts = DatabaseFile.Counts(feeds: 1, episodes: 2, transcripts: 1, jobs: 3, nodes: 1)
        let whole = DatabaseFile.Examination(
            damage: [], danglingRows: 0, unknownMigrations: [], pendingMigrations: [], counts: counts)
        func levels(_ change: (inout DatabaseFile.Examination) -> Void) -> [Finding.Level] {
            var examination = whole
            change(&examination)
            return DatabaseCheck.findings(examination, path: "x.db").map(\.level)
        }
        #expect(levels { _ in } == [.ok])
        #expect(levels { $0.damage = ["row 1 missing from index x"] } == [.problem])
        #expect(levels { $0.danglingRows = 2 } == [.problem])
        #expect(levels { $0.unknownMigrations = ["99 later"] } == [.problem])
        #expect(levels { $0.pendingMigrations = ["2 lanes"] } == [.warning])
        #expect(levels { $0.counts = nil } == [.problem])
    }

    @Test func `files that are missing and files of nobody are named`() async throws {
        try await withTemporaryFolder { folder in
            let world = try await BackupTests.World(folder)
            let gone = try #require(try BackupTests.contents(world.storagePath).keys.sorted().first)
            try FileManager.default.removeItem(atPath: "\(world.storagePath)/\(gone)")
            try world.write("Removed/audio/old.mp3", "old")
            try world.write("Removed/audio/young.mp3", "young")
            // What a second try left over is its episode's.
            let (text, now) = ("Pilots/transcripts/one.md", BackupTests.now)
            let episode = try #require(try await world.database.episodes.list(limit: 1).episodes.first)
            _ = try await world.database.jobs.enqueue(.transcribe, for: episode.id, at: now)
            let claim = try #require(
                try await world.database.jobs.claim(
                    .transcribe, by: NodeID("n"), attempt: "a", until: now + 60, at: now))
            _ = try await world.database.jobs.complete(
                claim.job.id, by: NodeID("n"),
                product: .transcript(path: text, model: "base", source: "whisper", duration: nil), at: now, install: {})
            let other = TranscriptIntake.otherPath(of: text)
            for path in [text, other] { try world.write(path, "words") }
            for path in ["Removed/audio/old.mp3", other] {
                try FileManager.default.setAttributes(
                    [.modificationDate: Date() - 7200], ofItemAtPath: "\(world.storagePath)/\(path)")
            }
            let findings = await Self.findings(try Self.world(folder), .files)
            #expect(findings.map(\.level) == [.problem, .warning])
            #expect(findings.first?.sentence.contains(gone) == true)
            #expect(findings.last?.sentence.contains("Removed/audio/old.mp3") == true)
            #expect(findings.last?.sentence.contains("young") == false)
            #expect(findings.last?.sentence.hasPrefix("1 files") == true)
        }
    }

    // MARK: Server, clock, port

    @Test func `a server that answers is healthy, and its clock is compared`() async throws {
        try await LiveServer.run { server in
            let world = try Self.world(server.folder, server: server.url.absoluteString, isServerNamed: true)
            let findings = await Doctor(world).examine()
            #expect(findings.filter { $0.subject == .server }.map(\.level) == [.ok])
            #expect(findings.filter { $0.subject == .clock }.map(\.level) == [.ok])
            #expect(!findings.hasProblem, "\(findings.filter { $0.level == .problem })")
        }
    }

    @Test func `silence is a problem only where a server is expected`() async throws {
        try await withTemporaryFolder { folder in
            #expect(await Self.findings(try Self.world(folder), .server).map(\.level) == [.warning])
            let named = try Self.world(folder, isServerNamed: true)
            #expect(await Self.findings(named, .server).map(\.level) == [.problem])
            let world = try await BackupTests.World(folder)
            let lock = try DataLock(folder: world.dataPath)
            let held = try #require(await Self.findings(try Self.world(folder), .server).first)
            #expect(held.level == .problem)
            #expect(held.mend?.contains("has the data folder") == true)
            withExtendedLifetime(lock) {}
        }
    }

    @Test func `another program at the port is named as that`() {
        let error = CastError(.unavailable, "It did not answer as a cast2md server does.")
        let findings = ServerCheck.silence(
            error, place: "http://127.0.0.1:8000", isExpected: false, isHeld: false, isPortTaken: true)
        #expect(findings.map(\.subject) == [.port])
        #expect(findings.map(\.level) == [.problem])
    }

    @Test(
        arguments: [(0, .ok), (29, .ok), (31, .warning), (-31, .warning), (601, .problem), (-5000, .problem)]
            as [(TimeInterval, Finding.Level)])
    func `the server's clock may be half a minute off`(skew: TimeInterval, level: Finding.Level) {
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        #expect(ServerCheck.clock(now + skew, at: now)?.level == level)
        #expect(ServerCheck.clock(nil, at: now) == nil)
    }

    @Test func `a server that is not well, or of another version, says so`() {
        let ill = HealthResponse(
            database: false, storage: true, message: "The database does not answer.", version: "0.0.1")
        let findings = ServerCheck.findings(
            ServerCheck.Answer(health: ill, date: nil), at: Date(), place: "http://h:8000")
        #expect(findings.map(\.level) == [.problem, .warning])
        #expect(findings.first?.sentence.contains("The database does not answer.") == true)
    }

    @Test(
        arguments: [
            ("Wed, 25 Nov 2026 01:31:10 GMT", 1_795_570_270), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Wed, 31 Feb 2026 01:31:10 GMT", nil), ("yesterday", nil), ("", nil),
        ] as [(String, TimeInterval?)])
    func `a time in an answer's head is read strictly`(text: String, seconds: TimeInterval?) {
        #expect(HTTPDate.read(text)?.timeIntervalSince1970 == seconds)
    }

    // MARK: Programs, engine, models

    @Test func `without ffmpeg there is a problem for each program`() async throws {
        try await withTemporaryFolder { folder in
            let findings = await Self.findings(try Self.world(folder, variables: ["PATH": folder.path]), .ffmpeg)
            #expect(findings.map(\.level) == [.problem, .problem])
            #expect(findings.allSatisfy { $0.mend == "Install it: apt-get install ffmpeg" })
        }
    }

    @Test func `an ffmpeg that does not decode is a problem`() async throws {
        try await withTemporaryFolder { folder in
            for name in ["ffmpeg", "ffprobe"] {
                let file = folder.appendingPathComponent(name)
                try Data("#!/bin/sh\necho audio\necho broken >&2\nexit 0\n".utf8).write(to: file)
                try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
            }
            let findings = await Self.findings(
                try Self.world(folder, variables: ["PATH": "\(folder.path):/usr/bin:/bin"]), .ffmpeg)
            #expect(findings.map(\.level) == [.problem])
            #expect(findings.first?.sentence.contains("does not decode a plain sound: broken") == true)
        }
    }

    @Test func `decoders that are left out of a build are named`() {
        let all =
            " A....D aac x\n A....D flac x\n A....D mp3float x\n A....D libopus x\n A....D vorbis x\n V....D h264 x"
        #expect(ProgramCheck.finding(decoders: all).level == .ok)
        let some = ProgramCheck.finding(decoders: " A....D flac x\n V....D mp3 x")
        #expect(some.level == .problem)
        #expect(some.sentence.contains("aac, mp3, opus, vorbis"))
    }

    private static func register(_ folder: URL, model: String? = "base") throws {
        let server = try #require(URL(string: Self.unused))
        try NodeCredentials(server: server, nodeID: NodeID("n1"), key: "k", name: "attic", model: model)
            .save(to: HomeFolder(path: folder.path + "/home"))
    }

    @Test func `only a node needs an engine and a model`() async throws {
        try await withTemporaryFolder { folder in
            let plain = await Doctor(try Self.world(folder)).examine()
            #expect(plain.filter { $0.subject == .engine }.map(\.level) == [.ok])
            #expect(plain.filter { $0.subject == .models } == [])
            try Self.register(folder)
            let findings = await Doctor(try Self.world(folder)).examine()
            #expect(findings.first { $0.subject == .engine }?.mend == "cast2md engine install faster-whisper")
            #expect(findings.first { $0.subject == .models }?.mend == "cast2md models fetch base")
            #expect(findings.filter { [.engine, .models].contains($0.subject) }.allSatisfy { $0.level == .problem })
            #expect(findings.filter { $0.subject == .node }.map(\.level) == [.ok])
        }
    }

    @Test func `a model that nothing serves, and one that was changed, are problems`() async throws {
        try await withTemporaryFolder { folder in
            try Self.register(folder, model: "parrot")
            #expect(await Self.findings(try Self.world(folder), .models).map(\.level) == [.problem])
            try Self.register(folder)
            let model = folder.path + "/home/models/base"
            try FileManager.default.createDirectory(atPath: model, withIntermediateDirectories: true)
            try Data(#"{"files":{}}"#.utf8).write(to: URL(fileURLWithPath: model + "/verified.json"))
            let finding = try #require(await Self.findings(try Self.world(folder), .models).first)
            #expect(finding.level == .problem)
            #expect(finding.sentence.contains("not whole"))
        }
    }

    @Test func `credentials that are damaged, or open to others, are named`() async throws {
        try await withTemporaryFolder { folder in
            try Self.register(folder)
            let file = folder.path + "/home/node.json"
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
            #expect(await Self.findings(try Self.world(folder), .node).map(\.level) == [.ok, .warning])
            try Data("{".utf8).write(to: URL(fileURLWithPath: file))
            #expect(await Self.findings(try Self.world(folder), .node).map(\.level) == [.problem])
        }
    }

    // MARK: Variables

    @Test(
        arguments: [
            (["NODE_PERSISTANT": "1"], Finding.Level.warning, "NODE_PERSISTENT"),
            (["LEASE_SECONDS": "soon"], .problem, "LEASE_SECONDS"),
            (["NODE_PERSISTENT": "maybe"], .problem, "true or false"),
            (["LOG_LEVEL": "loud"], .problem, "LOG_LEVEL"), (["NODE_ENV": "production"], .ok, "All variables"),
        ])
    func `a variable that is wrong is named`(variables: [String: String], level: Finding.Level, word: String)
        async throws
    {
        try await withTemporaryFolder { folder in
            let findings = await Self.findings(try Self.world(folder, variables: variables), .variables)
            #expect(findings.map(\.level) == [level])
            #expect(findings.first?.sentence.contains(word) == true)
        }
    }
}
