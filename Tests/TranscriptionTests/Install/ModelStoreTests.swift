import CastCore
import CastTestSupport
import Foundation
import Testing
import Transcription

@Suite(.timeLimit(.minutes(3)))
struct ModelStoreTests {
    private func withStore(
        environment: [String: String] = [:], _ body: (ModelStore, _ source: URL, _ installed: URL) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let source = folder.appending(path: "source")
            try Model.writeToy(to: source)
            let home = HomeFolder(path: folder.appending(path: "home").path)
            try await body(
                ModelStore(home: home, environment: environment), source, URL(filePath: home.modelsPath + "/toy"))
        }
    }

    private func fetch(_ store: ModelStore, from source: ModelStore.Source, model: Model = .toy) async throws -> String
    {
        try await store.fetch(model, from: source, python: ScriptedHelper.python) { _ in }
    }

    private func weights(_ folder: String) -> String? {
        try? String(contentsOfFile: folder + "/model.bin", encoding: .utf8)
    }

    @Test func `a model that is not here is an error that says how to get it`() async throws {
        try await self.withStore { store, _, _ in
            let error = #expect(throws: CastError.self) { try store.path(of: .toy) }
            #expect(error?.code == .unavailable)
            #expect(error?.message.contains("cast2md models fetch toy") == true)
            #expect(!store.isInstalled(.toy))
        }
    }

    @Test func `a model from a folder is here afterwards, and not fetched again`() async throws {
        try await self.withStore { store, source, installed in
            let path = try await self.fetch(store, from: .folder(source.path))
            #expect(path == installed.path)
            #expect(self.weights(path)?.count == 100_000)
            #expect(store.isInstalled(.toy))
            try FileManager.default.removeItem(at: source)
            #expect(try await self.fetch(store, from: .folder(source.path)) == path)
        }
    }

    @Test func `a wrong byte is refused, and the right file taken afterwards`() async throws {
        try await self.withStore { store, source, installed in
            try Model.writeToy(to: source, weights: String(repeating: "a", count: 99_999) + "b")
            let error = await #expect(throws: CastError.self) {
                try await self.fetch(store, from: .folder(source.path))
            }
            #expect(error?.code == .invalid)
            #expect(error?.message.contains("model.bin") == true)
            #expect(!FileManager.default.fileExists(atPath: installed.path))
            try Model.writeToy(to: source)
            _ = try await self.fetch(store, from: .folder(source.path))
        }
    }

    @Test func `a folder without all the files is not the model`() async throws {
        try await self.withStore { store, source, _ in
            try FileManager.default.removeItem(at: source.appending(path: "vocabulary.txt"))
            let error = await #expect(throws: CastError.self) {
                try await self.fetch(store, from: .folder(source.path))
            }
            #expect(error?.code == .notFound)
        }
    }

    @Test(arguments: ["model.bin", "vocabulary.txt"])
    func `a file that was changed on disk is refused, pinned or not, until it is fetched again`(
        name: String
    ) async throws {
        try await self.withStore { store, source, installed in
            _ = try await self.fetch(store, from: .folder(source.path))
            try Data("else".utf8).write(to: installed.appending(path: name))
            let error = #expect(throws: CastError.self) { try store.path(of: .toy) }
            #expect(error?.code == .invalid)
            _ = try await self.fetch(store, from: .folder(source.path))
            _ = try store.path(of: .toy)
        }
    }

    @Test func `a file that was only touched is read once more, and then known again`() async throws {
        try await self.withStore { store, source, installed in
            _ = try await self.fetch(store, from: .folder(source.path))
            let stamp = installed.appending(path: "verified.json")
            let before = try Data(contentsOf: stamp)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1_000_000)],
                ofItemAtPath: installed.appending(path: "model.bin").path)
            _ = try store.path(of: .toy)
            #expect(try Data(contentsOf: stamp) != before)
        }
    }

    @Test func `a model that a newer program pins otherwise is refused`() async throws {
        try await self.withStore { store, source, _ in
            _ = try await self.fetch(store, from: .folder(source.path))
            var other = Model.toy
            other.files[1].sha256 = String(repeating: "0", count: 64)
            let error = #expect(throws: CastError.self) { try store.path(of: other) }
            #expect(error?.code == .invalid)
        }
    }

    @Test func `a model comes from the hub at its pinned revision`() async throws {
        try await withTemporaryFolder { folder in
            try Model.writeToy(to: folder)
            try await LocalHub.run(serving: folder) { hub in
                try await self.withStore(environment: hub.environment) { store, _, _ in
                    let path = try await self.fetch(store, from: .hub)
                    #expect(self.weights(path)?.count == 100_000)
                    #expect(hub.requests.contains("/somebody/toy/resolve/abc123/model.bin -"))
                    #expect(hub.requests.count == 3)
                }
            }
        }
    }

    @Test func `a download that breaks off goes on where it was`() async throws {
        try await withTemporaryFolder { folder in
            try Model.writeToy(to: folder)
            try await LocalHub.run(serving: folder, breaksAfter: 60_000) { hub in
                try await self.withStore(environment: hub.environment) { store, _, _ in
                    let path = try await self.fetch(store, from: .hub)
                    #expect(self.weights(path)?.count == 100_000)
                    #expect(hub.requests.contains("/somebody/toy/resolve/abc123/model.bin bytes=60000-"))
                }
            }
        }
    }

    @Test func `what an earlier try left is kept, and a wrong rest of it is refused and forgotten`() async throws {
        try await withTemporaryFolder { folder in
            try Model.writeToy(to: folder)
            try await LocalHub.run(serving: folder) { hub in
                try await self.withStore(environment: hub.environment) { store, _, installed in
                    let part = URL(filePath: installed.path + ".part/")
                    try FileManager.default.createDirectory(at: part, withIntermediateDirectories: true)
                    try Data(repeating: UInt8(ascii: "b"), count: 10).write(to: part.appending(path: "model.bin.part"))
                    let error = await #expect(throws: CastError.self) { try await self.fetch(store, from: .hub) }
                    #expect(error?.code == .invalid)
                    #expect(hub.requests.contains("/somebody/toy/resolve/abc123/model.bin bytes=10-"))
                    let path = try await self.fetch(store, from: .hub)
                    #expect(self.weights(path)?.count == 100_000)
                }
            }
        }
    }

    @Test func `a hub that has no such file says so at once`() async throws {
        try await withTemporaryFolder { folder in
            try await LocalHub.run(serving: folder) { hub in
                try await self.withStore(environment: hub.environment) { store, _, _ in
                    let error = await #expect(throws: CastError.self) { try await self.fetch(store, from: .hub) }
                    #expect(error?.code == .gone)
                    #expect(hub.requests.count == 1)
                }
            }
        }
    }

    @Test func `a hub that cannot be reached is given up within seconds`() async throws {
        try await self.withStore(environment: ["HF_ENDPOINT": "http://127.0.0.1:9"]) { store, _, _ in
            let begun = ContinuousClock.now
            let error = await #expect(throws: CastError.self) { try await self.fetch(store, from: .hub) }
            #expect(error?.code == .unavailable)
            #expect(begun.duration(to: .now) < .seconds(20))
        }
    }

    @Test(arguments: [true, false])
    func `a model that the hub's own programs have fetched is taken from there, if it is the right one`(
        isRight: Bool
    ) async throws {
        try await withTemporaryFolder { cache in
            let repository = cache.appending(path: "models--somebody--toy")
            let blobs = repository.appending(path: "blobs")
            try Model.writeToy(to: blobs, weights: String(repeating: isRight ? "a" : "b", count: 100_000))
            let snapshot = repository.appending(path: "snapshots/abc123")
            try FileManager.default.createDirectory(at: snapshot, withIntermediateDirectories: true)
            for file in Model.toy.files {
                try FileManager.default.createSymbolicLink(
                    atPath: snapshot.appending(path: file.name).path, withDestinationPath: "../../blobs/\(file.name)")
            }
            let environment = ["HF_HUB_CACHE": cache.path, "HF_ENDPOINT": "http://127.0.0.1:9"]
            try await self.withStore(environment: environment) { store, _, installed in
                if isRight {
                    let path = try await self.fetch(store, from: .anywhere)
                    #expect(self.weights(path)?.count == 100_000)
                    try FileManager.default.removeItem(at: cache)
                    #expect(try store.path(of: .toy) == installed.path)
                } else {
                    let error = await #expect(throws: CastError.self) { try await self.fetch(store, from: .anywhere) }
                    #expect(error?.code == .unavailable)
                    #expect(self.weights(blobs.path) != nil)
                }
            }
        }
    }

    @Test func `a model without a mirror says so`() async throws {
        try await self.withStore { store, _, _ in
            let error = await #expect(throws: CastError.self) { try await self.fetch(store, from: .mirror) }
            #expect(error?.code == .invalid)
        }
    }

    @Test func `two that want a model at once fetch it once`() async throws {
        try await withTemporaryFolder { folder in
            try Model.writeToy(to: folder)
            try await LocalHub.run(serving: folder) { hub in
                try await self.withStore(environment: hub.environment) { store, _, installed in
                    async let one = self.fetch(store, from: .hub)
                    async let two = self.fetch(store, from: .hub)
                    let paths = try await [one, two]
                    #expect(paths == [installed.path, installed.path])
                    #expect(hub.requests.count == 3)
                }
            }
        }
    }

    @Test(arguments: ["tiny", "base", "small", "medium", "large-v2", "large-v3", "large-v3-turbo"])
    func `the models of the table are known, at a revision of forty digits`(name: String) throws {
        let model = try ModelCatalog.model(name)
        #expect(model.revision.count == 40)
        #expect(model.revision.filter(\.isHexDigit).count == 40)
        let digests = model.files.compactMap(\.sha256)
        #expect(digests.allSatisfy { $0.count == 64 })
    }

    @Test func `an unknown model is an error that lists the known ones`() throws {
        let error = #expect(throws: CastError.self) { try ModelCatalog.model("../../etc") }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("large-v3-turbo") == true)
    }
}
