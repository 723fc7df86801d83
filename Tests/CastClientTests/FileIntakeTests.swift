import CastAPI
import CastClient
import CastCore
import Foundation
import Synchronization
import Testing

@Suite struct FileIntakeTests {
    static func episode(_ number: Int64) -> EpisodeMessage {
        let date = Date(timeIntervalSince1970: 0)
        return EpisodeMessage(
            Episode(
                id: EpisodeID(number), feedID: FeedID(1), guid: "g", title: "Talk \(number)", description: nil,
                link: nil, audioURL: nil, duration: nil, publishedAt: nil, state: .audioReady, stem: "s",
                audioPath: nil, audioSize: nil, transcriptPath: nil, transcriptModel: nil, transcriptSource: nil,
                error: nil, createdAt: date, updatedAt: date)
        ) { $0 }
    }

    /// What was called, in order; files named `there…` are there already, `bad…` fail.
    final class Calls: Sendable {
        private let list = Mutex<[String]>([])
        var all: [String] { self.list.withLock { $0 } }

        func intake(queueFails: Bool = false) -> FileIntake {
            FileIntake(
                upload: { file in
                    let name = file.lastPathComponent
                    let count = self.list.withLock { list in
                        list.append("upload \(name)")
                        return Int64(list.count)
                    }
                    if name.hasPrefix("there") { throw CastError(.conflict, "It is there as episode 9.") }
                    if name.hasPrefix("bad") { throw CastError(.tooLarge, "The file is too large.") }
                    return FileIntakeTests.episode(count)
                },
                queue: { episode in
                    self.list.withLock { $0.append("queue \(episode)") }
                    if queueFails { throw CastError(.unavailable, "The server is gone.") }
                    return JobID(episode.rawValue)
                })
        }
    }

    static func files(_ names: String...) -> [URL] { names.map { URL(fileURLWithPath: "/in/\($0)") } }

    @Test func `each file is queued before the next is sent`() async throws {
        let calls = Calls()
        var outcomes: [FileIntake.Outcome] = []
        try await calls.intake().take(Self.files("a.mp3", "there.mp3", "b.mp3")) { outcomes.append($0) }
        #expect(calls.all == ["upload a.mp3", "queue 1", "upload there.mp3", "upload b.mp3", "queue 4"])
        #expect(
            outcomes.map(\.sentence) == [
                "Added episode 1, “Talk 1”, and queued it.", "Skipped /in/there.mp3: It is there as episode 9.",
                "Added episode 4, “Talk 4”, and queued it.",
            ])
    }

    @Test func `a failure names the file and what was done before it`() async throws {
        let calls = Calls()
        var outcomes: [FileIntake.Outcome] = []
        let error = await #expect(throws: CastError.self) {
            try await calls.intake().take(Self.files("a.mp3", "there.mp3", "bad.mp3", "c.mp3")) { outcomes.append($0) }
        }
        #expect(outcomes.count == 2)
        #expect(error?.code == .tooLarge)
        let message = try #require(error?.message)
        #expect(message.hasPrefix("/in/bad.mp3: The file is too large. Of 4 files, 1 were added before it and 1 after"))
        #expect(!calls.all.contains("upload c.mp3"))
    }

    @Test func `an episode that could not be queued is named`() async throws {
        let error = await #expect(throws: CastError.self) {
            try await Calls().intake(queueFails: true).take(Self.files("a.mp3")) { _ in }
        }
        #expect(error?.code == .unavailable)
        #expect(error?.message == "/in/a.mp3: It is there as episode 1, but was not queued: The server is gone.")
    }

    @Test func `of a folder the regular audio files are taken, by name`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        let path = folder.path
        try FileManager.default.createDirectory(atPath: "\(path)/folder.mp3", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["b.mp3", "a.M4A", ".hidden.mp3", "notes.txt"] {
            try Data("x".utf8).write(to: folder.appendingPathComponent(name))
        }
        try FileManager.default.createSymbolicLink(atPath: "\(path)/c.ogg", withDestinationPath: "\(path)/b.mp3")
        try FileManager.default.createSymbolicLink(atPath: "\(path)/d.ogg", withDestinationPath: "/dev/null")
        try FileManager.default.createSymbolicLink(atPath: "\(path)/e.ogg", withDestinationPath: "\(path)/nothing")
        #expect(try AudioFiles.find(path).map(\.lastPathComponent) == ["a.M4A", "b.mp3", "c.ogg"])
        #expect(try AudioFiles.find("\(path)/notes.txt").map(\.lastPathComponent) == ["notes.txt"])
        #expect(throws: CastError.self) { try AudioFiles.find("\(path)/folder.mp3") }
        #expect(throws: CastError.self) { try AudioFiles.find("/dev/null") }
        #expect(throws: CastError.self) { try AudioFiles.find("\(path)/nothing") }
    }

    @Test func `every episode is tried, whatever becomes of the others`() async throws {
        var seen: [String] = []
        let outcomes = try await QueueOutcome.each([1, 2, 3].map { EpisodeID($0) }) { id in
            guard id != EpisodeID(2) else { throw CastError(.conflict, "Episode already has a transcript.") }
            return QueuedResponse(message: "Episode queued", jobID: JobID(7))
        } onOutcome: {
            seen.append($0.sentence)
        }
        #expect(
            seen == [
                "Episode queued (episode 1, job 7).", "Episode 2: Episode already has a transcript.",
                "Episode queued (episode 3, job 7).",
            ])
        #expect(outcomes.compactMap(\.errorCode) == [.conflict])
        #expect(outcomes.compactMap(\.job) == [JobID(7), JobID(7)])
    }
}
