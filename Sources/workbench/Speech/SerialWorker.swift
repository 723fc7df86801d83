import CastAPI
import CastClient
import CastCore
import Foundation
import HumanSpeech
import Subprocess
import Transcription

/// The worker as one writes it first: fetch, decode all of it, cut every ten minutes, one call a cut, hand in, the next.
struct SerialWorker: Sendable {
    var api: NodeAPI
    var engine: any SpeechEngine
    var folder: String

    func run() async throws {
        while true {
            let claim = try await self.api.claim()
            guard let id = claim.jobID else { return }
            try await self.work(JobHandle(job: id, attempt: claim.attempt), claim)
        }
    }

    private func work(_ job: JobHandle, _ claim: ClaimResponse) async throws {
        let audio = URL(filePath: self.folder + "/serial.mp3")
        let wave = self.folder + "/serial.s16"
        try await self.api.audio(job, claim.audioURL ?? "", PartialFile(audio)) { _ in }
        let result = try await Subprocess.run(
            .name("ffmpeg"),
            arguments: [
                "-v", "error", "-nostdin", "-y", "-i", audio.path, "-f", "s16le", "-ac", "1", "-ar", "16000", wave,
            ], output: .discarded, error: .string(limit: 1 << 16))
        guard result.terminationStatus.isSuccess else { throw CastError(.unreadableMedia, result.standardError) }
        let samples = try Data(contentsOf: URL(filePath: wave)).withUnsafeBytes { Array($0.bindMemory(to: Int16.self)) }
        var words: [Transcript.Word] = []
        var name: String?
        var cutter = FixedClockCutter(seconds: 600)
        for segment in cutter.append(samples) + cutter.finish() {
            let found = try await self.engine.recognise([segment], language: "en")
            name = found.engine
            words += found.segments[0].words.map { word in
                Transcript.Word(
                    text: word.text, start: segment.fileTime(of: word.start, isEnd: false),
                    end: segment.fileTime(of: word.end, isEnd: true), probability: word.probability)
            }
        }
        let transcript = Transcript(
            sentences: TranscriptAssembler(language: "en").sentences(from: words),
            duration: Double(samples.count) / 16_000, language: "en", model: "base", engine: name)
        let text = try TranscriptFormat.md.render(
            transcript, header: TranscriptHeader(title: claim.episodeTitle ?? "Episode"))
        try await self.api.complete(
            job, CompleteRequest(transcriptText: text, whisperModel: "base", transcript: transcript))
        try? FileManager.default.removeItem(at: audio)
        try? FileManager.default.removeItem(atPath: wave)
    }
}
