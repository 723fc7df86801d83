import Testing
import Transcription

struct SpeechSegmentTests {
    /// What is kept of a silence.
    private let margin = SpeechCutter.Settings().margin

    /// Two bursts of two seconds with a minute of silence between them: one segment of two pieces.
    private var segment: SpeechSegment {
        get throws {
            var sketch = SoundSketch()
            sketch.silence(1)
            sketch.burst(2)
            sketch.silence(60)
            sketch.burst(2)
            var cutter = SpeechCutter()
            return try #require((cutter.append(sketch.samples) + cutter.finish()).first)
        }
    }

    @Test func `times in a segment are times in the file, over silence that was left out too`() throws {
        let segment = try self.segment
        let start = segment.fileTime(of: 0, isEnd: false)
        #expect(abs(start - (1 - self.margin)) < 0.03)
        #expect(abs(segment.fileTime(of: 2 + self.margin, isEnd: true) - 3) < 0.03)
        #expect(abs(segment.fileTime(of: segment.duration, isEnd: true) - 65) < 0.03)
    }

    @Test func `at a joint a word's end belongs before the silence, a word's start behind it`() throws {
        let segment = try self.segment
        let joint = Double(segment.pieces[1].start) / 16_000
        #expect(segment.fileTime(of: joint, isEnd: true) < 4)
        #expect(segment.fileTime(of: joint, isEnd: false) > 62)
    }

    @Test func `a word that was stretched over silence is as long as its sound`() throws {
        let segment = try self.segment
        let word = segment.trimmed(start: 0, end: segment.duration / 2)
        #expect(abs(word.start - self.margin) < 0.03)
        #expect(abs(word.end - (2 + self.margin)) < 0.03)
        #expect(segment.trimmed(start: 0.5, end: 0.9) == (0.5, 0.9))
        // Nothing but silence: it stays what the engine said.
        #expect(segment.trimmed(start: 0, end: 0.1) == (0, 0.1))
    }
}
