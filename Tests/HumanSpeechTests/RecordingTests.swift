import Foundation
import HumanSpeech
import Testing

@Suite struct `A recording` {
    @Test(.timeLimit(.minutes(2))) func `has each prompt where it says`() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "human-speech-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let prompts = try await HumanPrompts.load(cache: folder)
        #expect(prompts.prompts.count > 100)
        let options = Composition.Options(seed: 3, seconds: 20, pause: 0.5...1)
        let wav = try await prompts.compose(options, to: folder + "/one.wav")
        let mp3 = try await prompts.compose(options, to: folder + "/one.mp3")
        #expect(wav.placements == mp3.placements)
        #expect(wav.duration >= 20)

        // The header is 44 bytes or a few more; the rest are the samples, two bytes each.
        let audio = try Data(contentsOf: URL(filePath: wav.path))
        #expect(abs(Double(audio.count) / 32_000 - wav.duration) < 0.01)
        let loudness = { (from: Double, to: Double) -> Int in
            let bytes = audio.suffix(Int(wav.duration * 16_000) * 2)
            return stride(from: Int(from * 16_000), to: Int(to * 16_000), by: 8).map { index in
                let at = bytes.startIndex + index * 2
                return abs(Int(Int16(truncatingIfNeeded: Int(bytes[at]) | Int(bytes[at + 1]) << 8)))
            }.max() ?? 0
        }
        var end = 0.0
        for placement in wav.placements {
            #expect(placement.start - end >= 0.5)
            #expect(loudness(end + 0.05, placement.start - 0.01) < 1500, "silent before \(placement.name)")
            #expect(loudness(placement.start, placement.end) > 2000, "heard in \(placement.name)")
            end = placement.end
        }
        let compressed = try FileManager.default.attributesOfItem(atPath: mp3.path)[.size] as? Int ?? 0
        #expect(abs(Double(compressed) - mp3.duration * 8000) < 8000)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder).contains { $0.hasPrefix(".draft") } == false)
    }
}
