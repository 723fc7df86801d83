import CastCore
import Foundation
import Transcription

/// One thing after the other: fetch a file, decode all of it, cut it every ten minutes, one call each, hand in.
enum SerialWay {
    static func run(_ files: [URL], audio: Double, speed: Double) async throws -> SpeechBenchRow {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let engine = PacedEngine(speed: speed)
        OwnUse.resetPeak()
        let (processor, begun) = (OwnUse.processor, ContinuousClock.now)
        for (number, file) in files.enumerated() {
            let (copy, raw) = (folder.appendingPathComponent("audio.mp3"), folder.appendingPathComponent("audio.raw"))
            try FileManager.default.copyItem(at: file, to: copy)
            let outcome = try await ProgramRunner.run(
                "ffmpeg",
                ["-v", "error", "-nostdin", "-y", "-i", copy.path, "-f", "s16le", "-ac", "1", "-ar", "16000", raw.path])
            guard outcome.isSuccess else { throw CastError(.unavailable, "ffmpeg failed.") }
            let samples = try Data(contentsOf: raw).withUnsafeBytes { Array($0.bindMemory(to: Int16.self)) }
            var cutter = FixedClockCutter(seconds: 600)
            var words: [Transcript.Word] = []
            for segment in cutter.append(samples) + cutter.finish() {
                for heard in try await engine.recognise([segment], language: "en").segments[0].words {
                    words.append(
                        .init(
                            text: heard.text, start: segment.fileTime(of: heard.start, isEnd: false),
                            end: segment.fileTime(of: heard.end, isEnd: true), probability: heard.probability))
                }
            }
            let transcript = Transcript(sentences: TranscriptAssembler().sentences(from: words), language: "en")
            try JSONEncoder().encode(transcript).write(to: folder.appendingPathComponent("\(number).json"))
            for file in [copy, raw] { try FileManager.default.removeItem(at: file) }
        }
        return SpeechBenchRow(
            audio: audio, took: begun.duration(to: .now), engine: engine.account,
            processor: OwnUse.processor - processor, memory: OwnUse.peak())
    }
}
