import CastCore
import CastOperations
import CastServer
import CastStore
import CastTestSupport
import Foundation
import Testing

@Suite(.timeLimit(.minutes(2))) struct RestoreTests {
    static let now = BackupTests.now

    /// A backup and, beside it, a data folder with something else in it.
    private static func withBackup(
        storage: Bool = true, _ body: (URL, String, BackupTests.World) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let first = try await BackupTests.World(folder.appendingPathComponent("first"))
            let file = folder.path + "/b.tar.gz"
            _ = try await first.backup.make(file, includesStorage: storage, at: Self.now)
            let second = try await BackupTests.World(folder.appendingPathComponent("second"), episodes: 5)
            try second.database.close()
            try await body(folder, file, second)
        }
    }

    private static func restore(_ world: BackupTests.World) -> Restore {
        Restore(dataPath: world.dataPath, storagePath: world.storagePath)
    }

    private static func episodes(_ data: String) async throws -> Int {
        let database = try Database(path: data + "/cast2md.db")
        let count = try await database.episodes.list(feed: nil, limit: 100).total
        try database.close()
        return count
    }

    @Test func `a folder with something in it stays as it is unless it is to give way`() async throws {
        try await Self.withBackup { folder, file, world in
            let before = try BackupTests.contents(world.storagePath)
            let error = await #expect(throws: CastError.self) {
                try await Self.restore(world).run(file, replaces: false, at: Self.now)
            }
            #expect(error?.code == .conflict)
            #expect(error?.message.contains("--replace") == true)
            #expect(try await Self.episodes(world.dataPath) == 5)
            #expect(try BackupTests.contents(world.storagePath) == before)
            #expect(BackupTests.leftovers(in: folder.path + "/second") == [])
        }
    }

    @Test func `what gives way is kept whole under another name`() async throws {
        try await Self.withBackup { folder, file, world in
            try FileManager.default.setAttributes([.posixPermissions: 0o750], ofItemAtPath: world.dataPath)
            let report = try await Self.restore(world).run(file, replaces: true, at: Self.now)
            #expect(try await Self.episodes(world.dataPath) == 3)
            let kept = try #require(report.keptData)
            #expect(kept == world.dataPath + ".before-2027-01-15T08-00-00Z")
            #expect(try await Self.episodes(kept) == 5)
            #expect(try BackupTests.contents(kept + "/storage").count == 5)
            #expect(try BackupTests.contents(world.storagePath).count == 3)
            let mode = try FileManager.default.attributesOfItem(atPath: world.dataPath)[.posixPermissions] as? NSNumber
            #expect(mode?.intValue == 0o750)
            #expect(BackupTests.leftovers(in: folder.path + "/second") == [])
        }
    }

    @Test func `a folder that a server uses is refused`() async throws {
        try await Self.withBackup { _, file, world in
            let lock = try DataLock(folder: world.dataPath)
            let error = await #expect(throws: CastError.self) {
                try await Self.restore(world).run(file, replaces: true, at: Self.now)
            }
            #expect(error?.code == .conflict)
            withExtendedLifetime(lock) {}
            #expect(try await Self.episodes(world.dataPath) == 5)
        }
    }

    @Test func `a server starts on what was restored, and not on it while it is put in place`() async throws {
        try await Self.withBackup { _, file, world in
            _ = try await Self.restore(world).run(file, replaces: true, at: Self.now)
            _ = try DataLock(folder: world.dataPath)
        }
    }

    @Test func `the database alone goes with the files that are there`() async throws {
        try await Self.withBackup(storage: false) { _, file, world in
            let files = try BackupTests.contents(world.storagePath)
            let report = try await Self.restore(world).run(file, replaces: true, at: Self.now)
            #expect(try await Self.episodes(world.dataPath) == 3)
            #expect(try BackupTests.contents(world.storagePath) == files)
            // They are those of the other server, and it is said that ours are not there.
            #expect(report.missing.count == 3)
        }
    }

    @Test func `a storage elsewhere is exchanged with the database, and kept`() async throws {
        try await Self.withBackup { folder, file, world in
            let storage = folder.path + "/elsewhere"
            try FileManager.default.createDirectory(atPath: storage, withIntermediateDirectories: true)
            try Data("old".utf8).write(to: URL(fileURLWithPath: storage + "/old"))
            let restore = Restore(dataPath: world.dataPath, storagePath: storage)
            let report = try await restore.run(file, replaces: true, at: Self.now)
            #expect(try BackupTests.contents(storage).count == 3)
            #expect(try BackupTests.contents(try #require(report.keptStorage)).keys.sorted() == ["old"])
            #expect(report.missing == [])
        }
    }

    /// Ways in which an archive can be no good; each is done in a folder with the archive's members.
    enum Damage: String, CaseIterable {
        case cutOff, otherDatabase, damagedDatabase, newerForm, newerSchema, link, wayOut, noEnd, foreignFile
    }

    @Test(arguments: Damage.allCases)
    func `an archive that is no good changes nothing`(damage: Damage) async throws {
        try await Self.withBackup { folder, file, world in
            let bad = folder.path + "/bad.tar.gz"
            try Self.spoil(file, damage, into: bad, work: folder.path + "/work")
            let before = try BackupTests.contents(world.storagePath)
            let error = await #expect(throws: CastError.self) {
                try await Self.restore(world).run(bad, replaces: true, at: Self.now)
            }
            #expect(error?.code == .invalid)
            #expect(try await Self.episodes(world.dataPath) == 5)
            #expect(try BackupTests.contents(world.storagePath) == before)
            #expect(!FileManager.default.fileExists(atPath: folder.path + "/escaped"))
            #expect(BackupTests.leftovers(in: folder.path + "/second") == [])
        }
    }

    private static func run(_ script: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-euc", script]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    private static func spoil(_ file: String, _ damage: Damage, into bad: String, work: String) throws {
        let unpack = "mkdir '\(work)'; tar -xf '\(file)' -C '\(work)'; cd '\(work)'"
        let members = "manifest.json cast2md.db storage/*/*/*"
        let pack = "tar -czf '\(bad)' --no-recursion"
        switch damage {
        case .cutOff: try Self.run("head -c $(( $(stat -c %s '\(file)') / 2 )) '\(file)' > '\(bad)'")
        case .otherDatabase: try Self.run("\(unpack); printf x >> cast2md.db; \(pack) \(members) complete")
        case .damagedDatabase:
            try Self.run(
                """
                \(unpack); printf 'not a database' > cast2md.db; digest=$(sha256sum cast2md.db | cut -d' ' -f1)
                sed -i "s/\\"database_sha256\\" : \\".*\\"/\\"database_sha256\\" : \\"$digest\\"/" manifest.json
                \(pack) \(members) complete
                """)
        case .newerForm:
            try Self.run("\(unpack); sed -i 's/\"form\" : 1/\"form\" : 2/' manifest.json; \(pack) \(members) complete")
        case .newerSchema:
            try Self.run(
                """
                \(unpack)
                python3 -c "import sqlite3; c=sqlite3.connect('cast2md.db'); c.execute('insert into grdb_migrations values (?)', ('99 later',)); c.commit()"
                digest=$(sha256sum cast2md.db | cut -d' ' -f1)
                sed -i "s/\\"database_sha256\\" : \\".*\\"/\\"database_sha256\\" : \\"$digest\\"/" manifest.json
                \(pack) \(members) complete
                """)
        case .link:
            try Self.run("\(unpack); ln -s /etc/passwd storage/Pilots/audio/link; \(pack) \(members) complete")
        case .wayOut:
            try Self.run(
                "\(unpack); echo x > ../escaped-source; \(pack) -P --transform='s,escaped-source,escaped,' "
                    + "manifest.json cast2md.db ../escaped-source complete; rm ../escaped-source")
        case .noEnd: try Self.run("\(unpack); \(pack) \(members)")
        case .foreignFile: try Self.run("\(unpack); echo x > cast2md.lock; \(pack) \(members) cast2md.lock complete")
        }
    }
}
