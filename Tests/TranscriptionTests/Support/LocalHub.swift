import CastCore
import Foundation
import Testing
import Transcription

/// A model hub of our own, and a small model in it.
struct LocalHub: Sendable {
    let folder: URL
    let port: String

    /// - Parameter breaksAfter: The first answer of each file ends after so many bytes.
    static func run(
        serving folder: URL, breaksAfter limit: Int? = nil, _ body: @escaping @Sendable (LocalHub) async throws -> Void
    ) async throws {
        let (ports, port) = AsyncStream<String>.makeStream()
        let arguments = [testScript("hub.py"), folder.path] + (limit.map { ["\($0)"] } ?? [])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                _ = try? await ProgramRunner.run(ScriptedHelper.python, arguments) { port.yield($0) }
                port.finish()
            }
            defer { group.cancelAll() }
            var lines = ports.makeAsyncIterator()
            try await body(LocalHub(folder: folder, port: try #require(await lines.next())))
        }
    }

    var environment: [String: String] { ["HF_ENDPOINT": "http://127.0.0.1:\(self.port)"] }

    /// What was asked for, with ranges.
    var requests: [String] {
        let text = try? String(contentsOf: self.folder.appending(path: "requests"), encoding: .utf8)
        return (text ?? "").split(separator: "\n").map(String.init)
    }
}

extension Model {
    /// A model of three files, two of them pinned: `model.bin` holds a hundred thousand times the letter a.
    static var toy: Model {
        Model(
            name: "toy", backend: .whisper, engine: .fasterWhisper, repository: "somebody/toy", revision: "abc123",
            files: [
                .init(name: "config.json", sha256: "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"),
                .init(name: "model.bin", sha256: "6d1cf22d7cc09b085dfc25ee1a1f3ae0265804c607bc2074ad253bcc82fd81ee"),
                .init(name: "vocabulary.txt"),
            ], size: 1)
    }

    static func writeToy(to folder: URL, weights: String = String(repeating: "a", count: 100_000)) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data("{}".utf8).write(to: folder.appending(path: "config.json"))
        try Data(weights.utf8).write(to: folder.appending(path: "model.bin"))
        try Data("one\ntwo\n".utf8).write(to: folder.appending(path: "vocabulary.txt"))
    }
}

/// The path of a script beside the tests.
func testScript(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Scripts/\(name)").path
}
