import CastCore
import CastOperations
import CastServer
import CastStore
import CastTestSupport
import Foundation
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2))) struct BackupTests {
    static let now = Date(timeIntervalSince1970: 1_800_000_000)

    /// A data folder with a database and files for its episodes.
    struct World {
        let folder: URL
        let database: Database

        init(_ folder: URL, episodes: Int = 3) async throws {
            self.folder = folder
            try FileManager.default.createDirectory(
                atPath: folder.path + "/data", withIntermediateDirectories: true)
            self.database = try Database(path: folder.path + "/data/cast2md.db")
            let (feed, made) = try await self.database.makeFeed(
                episodes: episodes, withAudio: true, at: BackupTests.now)
            for episode in made {
                try self.write("\(feed.folder)/audio/\(episode.stem).mp3", "audio of \(episode.id)")
            }
        }

        var dataPath: String { self.folder.path + "/data" }
        var storagePath: String { self.folder.path + "/data/storage" }
        var backup: Backup { Backup(dataPath: self.dataPath, storagePath: self.storagePath) }

        func write(_ path: String, _ text: String) throws {
            let file = URL(fileURLWithPath: "\(self.storagePath)/\(path)")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
    }

    /// Every file below a folder with what is in it.
    static func contents(_ path: String) throws -> [String: Data] {
        var found: [String: Data] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
            if let data = FileManager.default.contents(atPath: "\(path)/\(name)") { found[name] = data }
        }
        return found
    }

    @Test(arguments: [".tar.gz", ".tar.zst", ".tar"])
    func `what is backed up comes back elsewhere, file by file`(ending: String) async throws {
        try await withTemporaryFolder { folder in
            let world = try await World(folder)
            try world.write("Pilots/audio/.half.tmp", "half")
            try world.write("Pilots/audio/next.fetched.part", "half")
            let file = folder.path + "/one\(ending)"
            let report = try await world.backup.make(file, includesStorage: true, at: Self.now)
            #expect(report.manifest.counts.episodes == 3)
            #expect(report.manifest.files == 3)
            #expect(report.missing == [])
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? NSNumber
            #expect((mode?.intValue ?? 0o777) & 0o077 == 0)

            let target = folder.path + "/new/place"
            let restored = try await Restore(dataPath: target, storagePath: target + "/storage")
                .run(file, replaces: false, at: Self.now)
            #expect(restored.manifest == report.manifest)
            #expect(restored.missing == [])
            #expect(restored.keptData == nil)
            var expected = try Self.contents(world.storagePath)
            expected["Pilots/audio/.half.tmp"] = nil
            expected["Pilots/audio/next.fetched.part"] = nil
            #expect(expected.count == 3)
            #expect(try Self.contents(target + "/storage") == expected)
            let other = try Database(path: target + "/cast2md.db")
            #expect(
                try await other.episodes.list(feed: nil, limit: 10).episodes
                    == (try await world.database.episodes.list(feed: nil, limit: 10).episodes))
            #expect(Self.leftovers(in: folder.path) == [])
            #expect(Self.leftovers(in: folder.path + "/new") == [])
        }
    }

    static func leftovers(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasPrefix(".") }
    }

    /// Tells the writers that it is enough.
    final class Flag: Sendable {
        private let value = Mutex(false)
        var isUp: Bool { self.value.withLock { $0 } }
        func raise() { self.value.withLock { $0 = true } }
    }

    @Test func `a backup beside writers is of one moment`() async throws {
        try await withTemporaryFolder { folder in
            let world = try await World(folder, episodes: 2)
            let isDone = Flag()
            let database = world.database
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<3 {
                    group.addTask {
                        var number = 0
                        while !isDone.isUp {
                            number += 1
                            // A feed and its two episodes are one transaction: no backup may hold a part of it.
                            _ = try await database.makeFeed(
                                "F\(writer)-\(number)", url: "https://w.example/\(writer)/\(number)", episodes: 2,
                                at: Self.now)
                        }
                    }
                }
                defer { isDone.raise() }
                var sizes: [Int] = []
                for turn in 0..<4 {
                    // Writers have to be at it, or the test would say nothing.
                    let isBusy: Bool? = try await eventually {
                        try await database.feeds.list().count > turn * 10 ? true : nil
                    }
                    #expect(isBusy == true)
                    let file = "\(folder.path)/\(turn).tar.gz"
                    let counts = try await world.backup.make(file, includesStorage: false, at: Self.now).manifest.counts
                    #expect(counts.episodes == counts.feeds * 2)
                    let target = "\(folder.path)/restored-\(turn)"
                    _ = try await Restore(dataPath: target, storagePath: target + "/storage")
                        .run(file, replaces: false, at: Self.now)
                    let copy = try Database(path: target + "/cast2md.db")
                    let feeds = try await copy.feeds.list()
                    #expect(feeds.count == counts.feeds)
                    #expect(feeds.allSatisfy { $0.counts.values.reduce(0, +) == 2 })
                    sizes.append(counts.feeds)
                }
                #expect(sizes == sizes.sorted())
                #expect((sizes.last ?? 0) > (sizes.first ?? 0))
            }
        }
    }

    @Test func `nothing is overwritten, and a wrong ending is refused`() async throws {
        try await withTemporaryFolder { folder in
            let world = try await World(folder)
            let file = folder.path + "/one.tar.gz"
            _ = try await world.backup.make(file, includesStorage: false, at: Self.now)
            let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
            await #expect(throws: CastError.self) {
                try await world.backup.make(file, includesStorage: true, at: Self.now)
            }
            #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == bytes)
            let error = await #expect(throws: CastError.self) {
                try await world.backup.make(folder.path + "/one.zip", includesStorage: true, at: Self.now)
            }
            #expect(error?.message.contains(".tar.zst") == true)
            #expect(Self.leftovers(in: folder.path) == [])
        }
    }

    @Test func `in a folder it gets a name, and only its own old ones are removed`() async throws {
        try await withTemporaryFolder { folder in
            let world = try await World(folder)
            let backups = folder.path + "/backups"
            try FileManager.default.createDirectory(atPath: backups, withIntermediateDirectories: true)
            try Data().write(to: URL(fileURLWithPath: backups + "/cast2md-mine.tar.gz"))
            for day in 0..<4 {
                _ = try await world.backup.make(
                    backups, includesStorage: false, keep: 2, at: Self.now + Double(day) * 86_400)
            }
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: backups).sorted() == [
                    "cast2md-2027-01-17T08-00-00Z.tar.gz", "cast2md-2027-01-18T08-00-00Z.tar.gz",
                    "cast2md-mine.tar.gz",
                ])
        }
    }

    @Test func `a file that the database names and nobody has is said, not hidden`() async throws {
        try await withTemporaryFolder { folder in
            let world = try await World(folder)
            let gone = try #require(try Self.contents(world.storagePath).keys.sorted().first)
            try FileManager.default.removeItem(atPath: "\(world.storagePath)/\(gone)")
            let report = try await world.backup.make(
                folder.path + "/one.tar", includesStorage: true, at: Self.now)
            #expect(report.missing == [gone])
            #expect(report.sentence.contains("1 files that the database names are not on disk"))
        }
    }

    @Test func `what a killed run left is no backup, and the next run removes it`() async throws {
        try await withTemporaryFolder { folder in
            let world = try await World(folder)
            let left = folder.path + "/.one.tar.gz.backup-0123"
            try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: true)
            try Data("half".utf8).write(to: URL(fileURLWithPath: left + "/archive"))
            // Another run's, which is still at it.
            let busy = folder.path + "/.one.tar.gz.backup-4567"
            try FileManager.default.createDirectory(atPath: busy, withIntermediateDirectories: true)
            let lock = try DataLock(folder: busy)
            _ = try await world.backup.make(folder.path + "/one.tar.gz", includesStorage: false, at: Self.now)
            #expect(Self.leftovers(in: folder.path) == [".one.tar.gz.backup-4567"])
            withExtendedLifetime(lock) {}
        }
    }

    @Test func `without a database there is nothing to back up`() async throws {
        try await withTemporaryFolder { folder in
            let error = await #expect(throws: CastError.self) {
                try await Backup(dataPath: folder.path + "/x", storagePath: folder.path + "/x/storage")
                    .make(folder.path + "/one.tar", includesStorage: true, at: Self.now)
            }
            #expect(error?.code == .notFound)
            let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(left == [])
        }
    }
}
