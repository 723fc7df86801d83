import CastCore
import Foundation
import HumanSpeech
import Subprocess

/// What two ffmpeg processes can decode when nothing else is to be done.
enum DecodeCeiling {
    /// Decodes all recordings, two at a time; the best of three rounds.
    ///
    /// - Returns: Seconds of audio for each second of time.
    static func measure(_ recordings: [Recording]) async throws -> Double {
        let audio = recordings.reduce(0) { $0 + $1.duration }
        var best = 0.0
        for _ in 0..<3 {
            let begun = ContinuousClock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, recording) in recordings.enumerated() {
                    if index >= 2 { try await group.next() }
                    group.addTask { try await Self.decode(recording.path) }
                }
                try await group.waitForAll()
            }
            best = max(best, audio / (begun.duration(to: .now) / .seconds(1)))
        }
        return best
    }

    /// To raw samples that nobody reads: the format that the worker decodes to.
    private static func decode(_ path: String) async throws {
        let result = try await Subprocess.run(
            .name("ffmpeg"),
            arguments: [
                "-v", "error", "-nostdin", "-y", "-i", "\(path)", "-map", "0:a:0", "-f", "s16le", "-ac", "1", "-ar",
                "16000", "/dev/null",
            ], output: .discarded, error: .string(limit: 1 << 16))
        guard result.terminationStatus.isSuccess else {
            throw CastError(.unavailable, "ffmpeg could not decode \(path): \(result.standardError)")
        }
    }
}
