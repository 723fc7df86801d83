import CastCore
import CastOperations
import CastStore
import CastTestSupport
import Foundation
import Testing

/// The real program, killed as the power cut does it.
@Suite(.timeLimit(.minutes(3))) struct KilledBackupTests {
    /// The program, beside the tests in the build folder.
    private static var program: URL {
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("cast2md")
    }

    private static func start(_ arguments: [String], _ folder: URL) throws -> Process {
        let process = Process()
        process.executableURL = Self.program
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["CAST2MD_HOME": folder.path + "/home"]) {
            $1
        }
        process.currentDirectoryURL = folder
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// Waits until so many bytes are below the hidden folder, then kills.
    private static func kill(_ process: Process, whenIn folder: String, hold bytes: Int64) async throws {
        let isThere: Bool? = try await eventually {
            let size = BackupTests.leftovers(in: folder).reduce(Int64(0)) { $0 + Self.size("\(folder)/\($1)") }
            return size > bytes ? true : nil
        }
        try #require(isThere == true)
        try #require(process.isRunning)
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    private static func size(_ folder: String) -> Int64 {
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
        return names.reduce(0) {
            $0
                + ((try? FileManager.default.attributesOfItem(atPath: "\(folder)/\($1)")[.size] as? NSNumber)?
                    .int64Value ?? 0)
        }
    }

    /// A world whose audio takes some seconds to pack.
    private static func makeWorld(_ folder: URL) async throws -> BackupTests.World {
        let world = try await BackupTests.World(folder, episodes: 30)
        let (feed, episodes) = (try await world.database.feeds.list()[0].feed, try await Self.episodes(world))
        var generator = SystemRandomNumberGenerator()
        let noise = (0..<(2 << 20)).map { _ in UInt8.random(in: 0...255, using: &generator) }
        for episode in episodes {
            try Data(noise).write(
                to: URL(fileURLWithPath: "\(world.storagePath)/\(feed.folder)/audio/\(episode.stem).mp3"))
        }
        return world
    }

    private static func episodes(_ world: BackupTests.World) async throws -> [Episode] {
        try await world.database.episodes.list(feed: nil, limit: 100).episodes
    }

    @Test func `a killed backup leaves nothing that looks like one, and the next one is made`() async throws {
        try await withTemporaryFolder { folder in
            let world = try await Self.makeWorld(folder)
            let backups = folder.path + "/backups"
            try FileManager.default.createDirectory(atPath: backups, withIntermediateDirectories: true)
            let arguments = ["backup", "--storage", "--data", world.dataPath, backups + "/one.tar.gz"]
            let process = try Self.start(arguments, folder)
            try await Self.kill(process, whenIn: backups, hold: 4 << 20)
            let names = try FileManager.default.contentsOfDirectory(atPath: backups)
            #expect(names.count == 1)
            #expect(names.allSatisfy { $0.hasPrefix(".one.tar.gz.backup-") })

            let again = try Self.start(arguments, folder)
            again.waitUntilExit()
            #expect(again.terminationStatus == 0)
            #expect(try FileManager.default.contentsOfDirectory(atPath: backups) == ["one.tar.gz"])
        }
    }

    @Test func `a killed restore leaves what was there, and the next one is done`() async throws {
        try await withTemporaryFolder { folder in
            let source = try await Self.makeWorld(folder.appendingPathComponent("source"))
            let file = folder.path + "/one.tar.gz"
            _ = try await source.backup.make(file, includesStorage: true, at: BackupTests.now)
            let target = try await BackupTests.World(folder.appendingPathComponent("target"))
            try target.database.close()
            let before = try BackupTests.contents(target.storagePath)
            let arguments = ["restore", "--replace", "--data", target.dataPath, file]
            let process = try Self.start(arguments, folder)
            try await Self.kill(process, whenIn: folder.path + "/target", hold: 4 << 20)
            #expect(try BackupTests.contents(target.storagePath) == before)
            #expect(try await DatabaseFile(path: target.dataPath + "/cast2md.db").examine().counts?.episodes == 3)

            let again = try Self.start(arguments, folder)
            again.waitUntilExit()
            #expect(again.terminationStatus == 0)
            #expect(try await DatabaseFile(path: target.dataPath + "/cast2md.db").examine().counts?.episodes == 30)
            #expect(BackupTests.leftovers(in: folder.path + "/target") == [])
        }
    }
}
