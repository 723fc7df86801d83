import CastCore
import CastStore
import CastTestSupport
import Foundation
import LibraryImport
import Testing

struct FileBatchTests {
    private func names(_ storage: StorageFolder) -> [String] {
        let found = FileManager.default.enumerator(atPath: storage.root.path)?.allObjects as? [String] ?? []
        return found.filter { $0.contains(".") }.sorted()
    }

    @Test func `files get their names together`() async throws {
        try await withTemporaryFolder { root in
            let storage = try StorageFolder(path: root.path + "/new")
            let source = root.appendingPathComponent("old.mp3")
            let sound = Data((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) })
            try sound.write(to: source)
            var batch = FileBatch(storage: storage, links: false)
            try batch.add(Data("text".utf8), as: "Show/transcripts/a.md")
            try batch.add(OldStorage.File(path: source.path, size: Int64(sound.count)), as: "Show/audio/a.mp3")
            #expect(!storage.exists("Show/transcripts/a.md"))
            #expect(!storage.exists("Show/audio/a.mp3"))
            try batch.install()
            #expect(try storage.read("Show/transcripts/a.md") == Data("text".utf8))
            #expect(try storage.read("Show/audio/a.mp3") == sound)
        }
    }

    @Test func `a batch that is given up leaves nothing`() async throws {
        try await withTemporaryFolder { root in
            let storage = try StorageFolder(path: root.path)
            do {
                var batch = FileBatch(storage: storage, links: false)
                try batch.add(Data("text".utf8), as: "Show/transcripts/a.md")
                #expect(self.names(storage).count == 1)
            }
            #expect(self.names(storage) == [])
        }
    }

    @Test(arguments: [false, true])
    func `a file that cannot be read is left out, and the others come`(links: Bool) async throws {
        try await withTemporaryFolder { root in
            let storage = try StorageFolder(path: root.path)
            var batch = FileBatch(storage: storage, links: links)
            try batch.add(Data("text".utf8), as: "Show/transcripts/a.md")
            var reason: NotTaken.Reason?
            do {
                try batch.add(OldStorage.File(path: root.path + "/gone", size: 5), as: "Show/audio/a.mp3")
            } catch let caught as NotTaken.Reason {
                reason = caught
            }
            #expect(reason == .fileUnreadable)
            try batch.install()
            #expect(self.names(storage) == ["Show/transcripts/a.md"])
        }
    }

    @Test func `a path that leads out of the storage is refused`() async throws {
        try await withTemporaryFolder { root in
            let storage = try StorageFolder(path: root.path + "/new")
            var batch = FileBatch(storage: storage, links: false)
            var code: CastError.Code?
            do {
                try batch.add(Data("text".utf8), as: "../out.md")
            } catch let error as CastError {
                code = error.code
            }
            #expect(code == .internalFault)
        }
    }
}
