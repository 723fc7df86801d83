import CastCore
import CastTestSupport
import Foundation
import LibraryImport
import Testing

struct OldStorageTests {
    private func write(_ text: String, _ root: URL, _ path: String) throws {
        let file = root.appendingPathComponent(path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    @Test(arguments: [
        "/app/data/podcasts/audio/Show/1.mp3", "/mnt/nas/cast2md/audio/Show/1.mp3", "data/podcasts/audio/Show/1.mp3",
        "audio/Show/1.mp3", "./audio//Show/1.mp3",
    ])
    func `a file is found wherever the old server believed its storage to be`(path: String) async throws {
        try await withTemporaryFolder { root in
            try self.write("sound", root, "audio/Show/1.mp3")
            let file = try OldStorage(path: root.path).find(path).get()
            #expect(file.size == 5)
            #expect(file.path.hasSuffix("/audio/Show/1.mp3"))
        }
    }

    @Test(arguments: ["/etc/passwd", "audio/../../../../../etc/passwd", "", "/", "audio/Show/2.mp3", "x/1.mp3", ".."])
    func `nothing outside the folder is found`(path: String) async throws {
        try await withTemporaryFolder { root in
            try self.write("sound", root, "audio/Show/1.mp3")
            #expect(try OldStorage(path: root.path).find(path) == .failure(.fileMissing))
        }
    }

    @Test func `links are followed to files; dangling ones, folders and empty files are not taken`() async throws {
        try await withTemporaryFolder { root in
            try self.write("", root, "audio/Show/empty.mp3")
            let show = root.appendingPathComponent("audio/Show")
            let elsewhere = root.appendingPathComponent("another-disk.mp3")
            try Data("sound".utf8).write(to: elsewhere)
            try FileManager.default.createSymbolicLink(
                atPath: show.path + "/link.mp3", withDestinationPath: elsewhere.path)
            try FileManager.default.createSymbolicLink(atPath: show.path + "/gone.mp3", withDestinationPath: "nowhere")
            try FileManager.default.createDirectory(
                atPath: show.path + "/folder.mp3", withIntermediateDirectories: true)
            let storage = try OldStorage(path: root.path)
            #expect(try storage.find("audio/Show/link.mp3").get().path.hasSuffix("/another-disk.mp3"))
            #expect(storage.find("audio/Show/gone.mp3") == .failure(.fileMissing))
            #expect(storage.find("audio/Show/folder.mp3") == .failure(.noFile))
            #expect(storage.find("audio/Show/empty.mp3") == .failure(.fileEmpty))
        }
    }

    @Test func `a folder that is no storage is refused`() async throws {
        try await withTemporaryFolder { root in
            let error = #expect(throws: CastError.self) { try OldStorage(path: root.path) }
            #expect(error?.message.contains("neither a folder audio nor a folder transcripts") == true)
            #expect(throws: CastError.self) { try OldStorage(path: root.path + "/nowhere") }
        }
    }
}
