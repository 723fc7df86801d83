import CastCore
import CastTestSupport
import Foundation
import Synchronization
import Testing
import Transcription

/// Files as they come from people and feeds, whatever they are called.
@Suite(.timeLimit(.minutes(10)))
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

    @Test func `of several tracks the first with sound is taken`() async throws {
        try await withTemporaryFolder { folder in
            let (wav, quiet) = (folder.appending(path: "in.wav"), folder.appending(path: "quiet.wav"))
            try self.writeSound(to: wav)
            var silence = SoundSketch()
            silence.silence(5)
            try silence.write(to: quiet)
            let (first, second) = (folder.appending(path: "a.mkv").path, folder.appending(path: "b.mkv").path)
            try await self.ffmpeg(["-i", wav.path, "-i", quiet.path, "-map", "0:a", "-map", "1:a", first])
            try await self.ffmpeg(["-i", wav.path, "-i", quiet.path, "-map", "1:a", "-map", "0:a", second])
            #expect(try await self.transcribe(first).transcript.sentences.flatMap(\.words).count == 3)
            #expect(try await self.transcribe(second).transcript.isEmpty)
        }
    }

    @Test func `a picture and chapters beside the sound do not matter`() async throws {
        try await withTemporaryFolder { folder in
            let (wav, picture) = (folder.appending(path: "in.wav"), folder.appending(path: "cover.png").path)
            try self.writeSound(to: wav)
            try await self.ffmpeg([
                "-f", "lavfi", "-i", "color=size=64x64:rate=1:duration=1", "-frames:v", "1", picture,
            ])
            let file = folder.appending(path: "cover.mp3").path
            try await self.ffmpeg(["-i", wav.path, "-i", picture, "-map", "0:a", "-map", "1:v", "-c:v", "copy", file])
            #expect(try await self.transcribe(file).transcript.sentences.flatMap(\.words).count == 3)
        }
    }

    @Test func `damage in the middle costs what it covers`() async throws {
        try await withTemporaryFolder { folder in
            let (wav, whole) = (folder.appending(path: "in.wav"), folder.appending(path: "whole.mp3"))
            var sketch = SoundSketch()
            for _ in 0..<12 {
                sketch.silence(0.6)
                sketch.burst(1)
            }
            try sketch.write(to: wav)
            try await self.ffmpeg(["-i", wav.path, "-b:a", "64k", whole.path])
            var data = try Data(contentsOf: whole)
            let middle = data.count / 2
            data.replaceSubrange(middle..<(middle + 12_000), with: Data(repeating: 0x55, count: 12_000))
            try data.write(to: folder.appending(path: "damaged.mp3"))
            let transcript = try await self.transcribe(folder.appending(path: "damaged.mp3").path).transcript
            #expect((9...12).contains(transcript.sentences.flatMap(\.words).count))
        }
    }

    @Test(arguments: ["header only", "cut before its index", "archive"])
    func `a file without sound to be had is refused, and said to be so`(kind: String) async throws {
        try await withTemporaryFolder { folder in
            let (wav, file) = (folder.appending(path: "in.wav"), folder.appending(path: "episode.m4a"))
            try self.writeSound(to: wav)
            switch kind {
            case "header only":
                try SoundSketch().write(to: file)
            case "cut before its index":
                let whole = folder.appending(path: "whole.m4a")
                try await self.ffmpeg(["-i", wav.path, whole.path])
                try Data(contentsOf: whole).dropLast(1500).write(to: file)
            default:
                try (Data([0x50, 0x4B, 3, 4]) + Data(contentsOf: wav)).write(to: file)
            }
            let error = await #expect(throws: CastError.self) { try await self.transcribe(file.path) }
            #expect(error?.code == .unreadableMedia)
            #expect(error?.message.contains("episode.m4a") == true)
        }
    }

    @Test func `twelve hours pass through a little memory`() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "day.wav")
            let bursts = 72
            try SoundSketch.writeSparse(seconds: 12 * 3600, bursts: bursts, to: file)
            let most = Mutex(0.0)
            let box = Mutex<SpeechPipeline?>(nil)
            let engine = SketchEngine(onCall: {
                let held = box.withLock { $0 }?.stages.first { $0.stage == .pool }?.audioSeconds ?? 0
                most.withLock { $0 = max($0, held) }
            })
            let pipeline = SpeechPipeline(model: "base", engine: engine)
            box.withLock { $0 = pipeline }
            let transcript = try await pipeline.transcribe(file.path, language: "en") { _ in }
            box.withLock { $0 = nil }
            let words = transcript.sentences.flatMap(\.words)
            #expect(words.count == bursts)
            #expect(abs((transcript.duration ?? 0) - 43_200) < 0.1)
            for (number, word) in words.enumerated() {
                #expect(abs(word.start - Double(number) * 600 - 300) < 0.05)
            }
            #expect(most.withLock { $0 } <= 1800)
        }
    }
}
