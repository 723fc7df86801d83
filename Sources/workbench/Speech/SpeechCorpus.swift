import CastCore
import Foundation
import HumanSpeech
import Transcription

/// Episodes of forty minutes as podcasts publish them, made of human prompts once and kept.
struct SpeechCorpus: Sendable {
    var files: [URL]
    /// Seconds of each.
    var seconds: Double

    private static let blocks = 12
    private static let blocksEach = 4
    private static let blockSeconds = 600.0

    static func load(cache: String, episodes: Int) async throws -> SpeechCorpus {
        let folder = URL(fileURLWithPath: cache + "/bench-speech", isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var blocks: [URL] = []
        let prompts = try await HumanPrompts.load(cache: cache)
        for number in 0..<Self.blocks {
            let block = folder.appendingPathComponent("block-\(number).mp3")
            blocks.append(block)
            if FileManager.default.fileExists(atPath: block.path) { continue }
            Console.error("making ten minutes of speech, \(number + 1) of \(Self.blocks)")
            let wav = folder.appendingPathComponent("block.wav")
            defer { try? FileManager.default.removeItem(at: wav) }
            _ = try await prompts.compose(.init(seed: UInt64(number + 1), seconds: Self.blockSeconds), to: wav.path)
            try await Self.ffmpeg(
                ["-i", wav.path, "-t", "\(Int(Self.blockSeconds))", "-ac", "2", "-ar", "44100", "-b:a", "128k"],
                to: block)
        }
        var files: [URL] = []
        for number in 0..<episodes {
            let file = folder.appendingPathComponent("episode-\(number).mp3")
            files.append(file)
            if FileManager.default.fileExists(atPath: file.path) { continue }
            let list = folder.appendingPathComponent("list.txt")
            // Another order of other blocks each time.
            let parts = (0..<Self.blocksEach).map {
                "file '\(blocks[(number * 5 + $0 * (1 + number / Self.blocks)) % Self.blocks].path)'"
            }
            try Data(parts.joined(separator: "\n").utf8).write(to: list)
            defer { try? FileManager.default.removeItem(at: list) }
            try await Self.ffmpeg(["-f", "concat", "-safe", "0", "-i", list.path, "-c", "copy"], to: file)
        }
        return SpeechCorpus(files: files, seconds: Self.blockSeconds * Double(Self.blocksEach))
    }

    private static func ffmpeg(_ arguments: [String], to file: URL) async throws {
        let draft = file.deletingLastPathComponent().appendingPathComponent("draft-\(file.lastPathComponent)")
        let outcome = try await ProgramRunner.run(
            "ffmpeg", ["-v", "error", "-nostdin", "-y"] + arguments + [draft.path])
        guard outcome.isSuccess else { throw CastError(.unavailable, "ffmpeg failed: \(outcome.complaint)") }
        try FileManager.default.moveItem(at: draft, to: file)
    }
}

/// What the machine could do at most: two ffmpeg processes that decode and do nothing else.
enum DecodeCeiling {
    static func measure(_ files: [URL], _ seconds: Double) async throws -> Double {
        let begun = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for half in [
                files.enumerated().filter { $0.offset % 2 == 0 }, files.enumerated().filter { $0.offset % 2 == 1 },
            ] {
                group.addTask {
                    for (_, file) in half {
                        let outcome = try await ProgramRunner.run(
                            "ffmpeg",
                            [
                                "-v", "error", "-nostdin", "-y", "-i", file.path, "-map", "0:a:0", "-f", "s16le", "-ac",
                                "1", "-ar", "16000", "-flush_packets", "0", "/dev/null",
                            ])
                        guard outcome.isSuccess else { throw CastError(.unavailable, "ffmpeg failed.") }
                    }
                }
            }
            try await group.waitForAll()
        }
        return seconds * Double(files.count) / (begun.duration(to: .now) / .seconds(1))
    }
}
