import CastCore
import CastServer
import CastTestSupport
import Foundation
import Logging
import Testing

@Suite struct WholeServerTests {
    @Test func `a second server on one data folder is refused before it touches anything`() async throws {
        try await withTemporaryFolder { folder in
            let configuration = ServerConfiguration(dataPath: folder.path)
            let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let first = try CastServer(configuration: configuration, podcasts: .unimplemented, logger: quiet)
            let began = folder.appendingPathComponent("storage/Pilots/audio/.\(UUID().uuidString).tmp")
            try FileManager.default.createDirectory(
                at: began.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data("half".utf8).write(to: began)
            #expect(throws: CastError.self) {
                try CastServer(configuration: configuration, podcasts: .unimplemented, logger: quiet)
            }
            #expect(FileManager.default.fileExists(atPath: began.path))
            withExtendedLifetime(first) {}
        }
    }

    @Test func `what a crash left is removed at the start, and nothing else`() async throws {
        try await withTemporaryFolder { folder in
            let audio = folder.appendingPathComponent("storage/Pilots/audio")
            try FileManager.default.createDirectory(at: audio, withIntermediateDirectories: true)
            let ours = audio.appendingPathComponent(".\(UUID().uuidString).tmp")
            let others = [
                audio.appendingPathComponent(".notes.tmp"),
                folder.appendingPathComponent("storage/.\(UUID().uuidString).tmp"),
            ]
            for file in [ours] + others { try Data().write(to: file) }
            let server = try CastServer(
                configuration: ServerConfiguration(dataPath: folder.path), podcasts: .unimplemented,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            #expect(!FileManager.default.fileExists(atPath: ours.path))
            for file in others { #expect(FileManager.default.fileExists(atPath: file.path)) }
            withExtendedLifetime(server) {}
        }
    }
}
