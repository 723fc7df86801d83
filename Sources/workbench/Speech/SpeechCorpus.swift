import CastCore
import Foundation
import HumanSpeech
import Subprocess

/// Long recordings of people speaking, made once and kept.
struct SpeechCorpus: Sendable {
    var cache: String
    private static let pieceSeconds = 600.0

    /// Five episodes of 40 minutes each, MP3 at 128 kbit/s in stereo, as podcasts come.
    ///
    /// More are the same five again: decoding costs the same, and making them takes minutes.
    func episodes() async throws -> [Recording] {
        var made: [Recording] = []
        for number in 0..<5 {
            made.append(
                try await self.recording(
                    "episode-\(number)", pieces: 4, seed: UInt64(100 + number * 10),
                    encoding: ["-ac", "2", "-ar", "44100", "-b:a", "128k"]))
        }
        return made
    }

    /// An hour at 64 kbit/s whose words are known.
    func hour() async throws -> Recording {
        try await self.recording("hour", pieces: 6, seed: 7, encoding: ["-b:a", "64k"])
    }

    /// Joins pieces of ten minutes: the prompts are fewer than an hour's, so each piece has its own order of them.
    private func recording(
        _ name: String, pieces: Int, seed: UInt64, encoding: [String]
    ) async throws -> Recording {
        let folder = self.cache + "/bench-speech"
        let path = "\(folder)/\(name).mp3"
        let facts = "\(folder)/\(name).json"
        if let data = FileManager.default.contents(atPath: facts), FileManager.default.fileExists(atPath: path),
            let known = try? JSONDecoder().decode(Recording.self, from: data)
        {
            return known
        }
        Console.error("Making \(path), once")
        let draft = "\(folder)/draft-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: draft, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: draft) }
        let prompts = try await HumanPrompts.load(cache: self.cache)
        var joined = Recording(path: path, duration: 0, placements: [])
        var inputs: [String] = []
        for piece in 0..<pieces {
            let part = try await prompts.compose(
                .init(seed: seed + UInt64(piece), seconds: Self.pieceSeconds), to: "\(draft)/\(piece).wav")
            inputs += ["-i", part.path]
            joined.placements += part.placements.map {
                .init(
                    name: $0.name, text: $0.text, start: $0.start + joined.duration, end: $0.end + joined.duration)
            }
            joined.duration += part.duration
        }
        let filter = (0..<pieces).map { "[\($0):a]" }.joined() + "concat=n=\(pieces):v=0:a=1[all]"
        let result = try await Subprocess.run(
            .name("ffmpeg"),
            arguments: Arguments(
                ["-v", "error", "-nostdin", "-y"] + inputs + ["-filter_complex", filter, "-map", "[all]"] + encoding
                    + ["\(draft)/all.mp3"]),
            output: .discarded, error: .string(limit: 1 << 16))
        guard result.terminationStatus.isSuccess else {
            throw CastError(.unavailable, "ffmpeg could not make \(path): \(result.standardError)")
        }
        try? FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: "\(draft)/all.mp3", toPath: path)
        try JSONEncoder().encode(joined).write(to: URL(filePath: facts), options: .atomic)
        return joined
    }
}
