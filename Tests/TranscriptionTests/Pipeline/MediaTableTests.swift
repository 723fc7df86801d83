import CastCore
import CastTestSupport
import Foundation
import Testing
import Transcription

/// Files as they come from people and feeds, whatever they are called.
@Suite(.timeLimit(.minutes(2)))
struct MediaTableTests {
    private func transcribe(_ path: String) async throws -> (transcript: Transcript, engine: SketchEngine) {
        let engine = SketchEngine()
        let transcript = try await SpeechPipeline(model: "base", engine: engine)
            .transcribe(path, language: nil) { _ in }
        return (transcript, engine)
    }

    private func ffmpeg(_ arguments: [String]) async throws {
        let outcome = try await ProgramRunner.run("ffmpeg", ["-v", "error", "-nostdin", "-y"] + arguments)
        try #require(outcome.isSuccess)
    }

    /// Three bursts in five seconds.
    private func writeSound(to url: URL) throws {
        var sketch = SoundSketch()
        for _ in 0..<3 {
            sketch.silence(0.6)
            sketch.burst(1)
        }
        try sketch.write(to: url)
    }

    @Test(arguments: [
        "sound.mp3", "sound.m4a", "sound.ogg", "sound.opus", "sound.flac", "sound.aac", "sound.mkv", "sound.webm",
        "sound.wma", "sound.aiff",
    ])
    func `what podcasts are made of is read`(name: String) async throws {
        try await withTemporaryFolder { folder in
            let wav = folder.appending(path: "in.wav")
            try self.writeSound(to: wav)
            try await self.ffmpeg(["-i", wav.path, folder.appending(path: name).path])
            let transcript = try await self.transcribe(folder.appending(path: name).path).transcript
            #expect(transcript.sentences.flatMap(\.words).count == 3)
        }
    }

    @Test func `a video gives its sound, and one without sound an error that names it`() async throws {
        try await withTemporaryFolder { folder in
            let (wav, film) = (folder.appending(path: "in.wav"), folder.appending(path: "film.mp4").path)
            try self.writeSound(to: wav)
            let picture = ["-f", "lavfi", "-i", "color=size=64x64:rate=5:duration=4"]
            try await self.ffmpeg(picture + ["-i", wav.path, "-shortest", film])
            #expect(try await self.transcribe(film).transcript.sentences.flatMap(\.words).count >= 2)
            let silent = folder.appending(path: "silent film.mp4").path
            try await self.ffmpeg(picture + [silent])
            let error = await #expect(throws: CastError.self) { try await self.transcribe(silent) }
            #expect(error?.code == .unreadableMedia)
            #expect(error?.message.contains("silent film.mp4") == true)
        }
    }

    @Test(arguments: [
        "-i.wav", "http:example.wav", "concat:a.wav|b.wav", "a%03d.wav", "new\nline.wav", "quote's \"name\".wav",
        "sound.mp3", "sound", "sound.txt", "Ünïcödé 🎙.wav",
    ])
    func `a name is a name and nothing else`(name: String) async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "sound.tmp")
            try self.writeSound(to: url)
            let path = folder.path + "/" + name
            try FileManager.default.moveItem(atPath: url.path, toPath: path)
            #expect(try await self.transcribe(path).transcript.sentences.flatMap(\.words).count == 3)
        }
    }

    @Test func `silence gives an empty transcript, and no engine is asked`() async throws {
        try await withTemporaryFolder { folder in
            var sketch = SoundSketch()
            sketch.silence(12)
            try sketch.write(to: folder.appending(path: "silence.wav"))
            let (transcript, engine) = try await self.transcribe(folder.appending(path: "silence.wav").path)
            #expect(transcript.isEmpty)
            #expect(transcript.duration == 12)
            #expect(engine.batches.isEmpty)
        }
    }

    @Test(arguments: [
        ("empty.mp3", ""), ("text.mp3", "This is no music at all.\n"),
        ("page.mp3", "<!doctype html><title>404</title>"),
        ("noise.mp3", String(repeating: "\u{1}\u{7F}x\u{3}", count: 5000)),
        ("list.mp3", "#EXTM3U\n#EXTINF:5,\nfile:secret.wav\n#EXT-X-ENDLIST\n"),
        ("list2.mp3", "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nsecret.wav\n#EXT-X-ENDLIST\n"),
        ("script.mp3", "ffconcat version 1.0\nfile secret.wav\n"),
    ])
    func `what is no sound is refused by its name, and reads no other file`(name: String, content: String) async throws
    {
        try await withTemporaryFolder { folder in
            try self.writeSound(to: folder.appending(path: "secret.wav"))
            try Data(content.utf8).write(to: folder.appending(path: name))
            let error = await #expect(throws: CastError.self) {
                try await self.transcribe(folder.appending(path: name).path)
            }
            #expect(error?.code == .unreadableMedia)
            #expect(error?.message.contains(name) == true)
            #expect(error?.message.contains(folder.path) == false)
        }
    }

    @Test func `a file that breaks off is transcribed as far as it goes`() async throws {
        try await withTemporaryFolder { folder in
            let (wav, whole) = (folder.appending(path: "in.wav"), folder.appending(path: "whole.mp3"))
            try self.writeSound(to: wav)
            try await self.ffmpeg(["-i", wav.path, whole.path])
            let data = try Data(contentsOf: whole)
            try data.prefix(data.count / 2).write(to: folder.appending(path: "half.mp3"))
            let transcript = try await self.transcribe(folder.appending(path: "half.mp3").path).transcript
            #expect((1...2).contains(transcript.sentences.flatMap(\.words).count))
            #expect((2...3).contains(transcript.duration ?? 0))
        }
    }

    @Test func `no file and a folder are not found`() async throws {
        try await withTemporaryFolder { folder in
            for path in [folder.appending(path: "nothing.mp3").path, folder.path] {
                let error = await #expect(throws: CastError.self) { try await self.transcribe(path) }
                #expect(error?.code == .notFound)
            }
        }
    }
}
